// Package, imports and rules.
#include <algorithm>

#include "policy/formatter/writer.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::fmt_rego {
namespace {

bool is_true(const ast::Term& term) {
  const auto* flag = ast::as<ast::Boolean>(term);
  return flag != nullptr && flag->value;
}

bool is_true_body(const ast::Body& body) {
  const auto* term = body.size() == 1 ? ast::as<ast::Term>(body.front()) : nullptr;
  return term != nullptr && is_true(*term) && body.front().with.empty() && !body.front().negated;
}

/// A rule written as a constant: the body is implied.
bool is_constant_rule(const ast::Rule& rule) {
  return is_true_body(rule.body) && !rule.otherwise;
}

/// OPA gives `p[x] := 1` a key as well, except `p["a"] if ..`.
bool has_key(const ast::Rule& rule) {
  const ast::RuleHead& head = rule.head;
  if (head.key) return true;
  if (!head.args.empty() || head.ref.terms.size() != 2) return false;
  const ast::Term& part = head.ref.terms[1];
  return !head.keywords.if_ || !ast::is_constant(part);
}

}  // namespace

std::string Writer::write_module(const std::vector<ast::Import>& imports) {
  std::vector<ast::Comment> trimmed = module_.comments;
  for (ast::Comment& comment : trimmed) {
    const auto last = comment.text.find_last_not_of(" \t\r\n\v\f");
    comment.text.resize(last == std::string::npos ? 0 : last + 1);
  }
  for (const ast::Comment& comment : trimmed) comments_.push_back(&comment);

  struct Statement {
    ast::Span span;
    const ast::Import* import = nullptr;
    const ast::Rule* rule = nullptr;
  };
  std::vector<Statement> others;
  for (const ast::Import& import : imports) others.push_back({import.span, &import, nullptr});
  for (const ast::Rule& rule : module_.rules) others.push_back({rule.span, nullptr, &rule});
  std::ranges::stable_sort(others, [](const Statement& a, const Statement& b) {
    return std::pair(a.span.row, a.span.col) < std::pair(b.span.row, b.span.col);
  });

  write_package();
  for (std::size_t i = 0; i < others.size();) {
    std::vector<const ast::Import*> group;
    while (i < others.size() && others[i].import != nullptr) group.push_back(others[i++].import);
    write_imports(std::move(group));
    std::vector<const ast::Rule*> rules;
    while (i < others.size() && others[i].rule != nullptr) rules.push_back(others[i++].rule);
    write_rules(rules);
  }
  for (std::size_t i = 0; i < comments_.size(); ++i) {
    write_line(text_of(*comments_[i]));
    if (i + 1 == comments_.size()) write("\n");
  }
  comments_.clear();
  // One newline at the end.
  if (out_.ends_with('\n')) out_.resize(out_.find_last_not_of('\n') + 1), out_ += '\n';
  return std::move(out_);
}

void Writer::write_package() {
  insert_comments(module_.package.span.row);
  start_line();
  write("package ");
  ast::Ref path{{module_.package.path.terms.begin() + 1, module_.package.path.terms.end()}};
  path.terms.front() =
      ast::make_var(ast::as<ast::String>(path.terms.front())->value, path.terms.front().span);
  write_ref(path);
  blank_line();
}

void Writer::write_imports(std::vector<const ast::Import*> imports) {
  if (imports.empty()) return;
  // Comments on an import's own row go with it when the imports are sorted.
  std::vector<std::pair<const ast::Import*, const ast::Comment*>> trailing;
  Comments others;
  for (const ast::Comment* comment : comments_) {
    const auto owner = std::ranges::find_if(
        imports, [&](const ast::Import* import) { return import->span.row == comment->span.row; });
    if (owner == imports.end()) {
      others.push_back(comment);
    } else {
      trailing.emplace_back(*owner, comment);
    }
  }
  comments_ = std::move(others);

  for (std::size_t i = 0; i < imports.size();) {
    std::vector<const ast::Import*> group = {imports[i++]};
    while (i < imports.size() && imports[i]->span.row <= group.back()->span.row + 1)
      group.push_back(imports[i++]);
    insert_comments(group.front()->span.row);
    std::ranges::stable_sort(group, [](const ast::Import* a, const ast::Import* b) {
      const int order = ast::compare(a->path, b->path);
      return order != 0 ? order < 0 : a->alias < b->alias;
    });
    for (const ast::Import* import : group) {
      start_line();
      write_import(*import);
      for (const auto& [owner, comment] : trailing) {
        if (owner == import) write(" " + text_of(*comment));
      }
      end_line();
    }
    blank_line();
  }
}

void Writer::write_import(const ast::Import& import) {
  write("import ");
  const std::string path = ast::dotted_name(*ast::as<ast::Ref>(import.path));
  if (path.starts_with("future.keywords.")) {
    write(path);
  } else {
    write_ref(*ast::as<ast::Ref>(import.path));
  }
  if (!import.alias.empty()) write(" as " + import.alias);
}

void Writer::write_rules(const std::vector<const ast::Rule*>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    insert_comments(rules[i]->span.row);
    write_rule(*rules[i], false);
    const bool grouped = i + 1 < rules.size() && groupable(*rules[i]) && groupable(*rules[i + 1]) &&
                         rules[i + 1]->span.row == rules[i]->span.row + 1;
    if (!grouped) blank_line();
  }
}

/// One line, which may stand right above the next.
bool Writer::groupable(const ast::Rule& rule) const {
  if (rule.body.size() > 1 || rule.is_default || rule.otherwise) return false;
  if (rule.body.size() == 1 && is_set_term(rule.body.front())) return false;
  return (options_.v1 || options_.ifs) && (options_.contains || rule.head.value);
}

bool Writer::write_rule(const ast::Rule& rule, bool is_else) {
  if (!is_else) start_line();
  if (rule.is_default) write("default ");
  const bool constant = is_constant_rule(rule);
  comment_on_final_line_ = constant;
  const bool unexpected = !write_head(rule, is_else, constant);
  if (rule.body.empty() || constant) {
    end_line();
    return true;
  }
  comment_on_final_line_ = true;
  return write_rule_body(rule, is_else, unexpected);
}

bool Writer::write_rule_body(const ast::Rule& rule, bool is_else, bool unexpected) {
  const bool uses_if = (options_.v1 || options_.ifs) && (options_.contains || rule.head.value);
  if (uses_if) {
    write(" if");
    const ast::Expr& first = rule.body.front();
    if (rule.body.size() == 1 && first.span.row == last_row_of(place(rule.head.span)) &&
        !is_set_term(first)) {
      write(" ");
      if (!write_expr(first)) return false;
      end_line();
      return !rule.otherwise || write_else(rule);
    }
  }
  if (unexpected && !comments_.empty()) {
    write(" { ");
  } else {
    write(" {");
    end_line();
  }
  if (uses_if && !is_else) mark_union_lead(rule.body.front());
  ++level_;
  write_body(rule.body);
  const Place at = place(rule.span);
  const std::int64_t close = !rule.head.args.empty() ? closing_row('{', '}', at, '(', ')')
                             : has_key(rule)         ? closing_row('{', '}', at, '[', ']')
                                                     : closing_row('{', '}', at);
  if (!insert_comments(close)) return false;
  --level_;
  start_line();
  write("}");
  return !rule.otherwise || write_else(rule);
}

/// `} else ..` on the closing line, unless the author began a line with it.
bool Writer::write_else(const ast::Rule& rule) {
  const ast::Rule& other = **rule.otherwise;
  bool was_inline = false;
  std::string_view rest = place(rule.span).text;
  std::int64_t relative = std::int64_t{other.span.row} - rule.span.row;
  if (relative > 0) {
    for (; relative > 0 && !rest.empty(); --relative) {
      const auto newline = rest.find('\n');
      rest = newline == std::string_view::npos ? std::string_view() : rest.substr(newline + 1);
    }
    if (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      const auto first = line.find_first_not_of(" \t\r");
      was_inline = first == std::string_view::npos || !line.substr(first).starts_with("else");
    }
  }
  const bool comment_above =
      (!comments_.empty() && comments_.front()->span.row < other.head.span.row) || before_end_ != nullptr;
  if (!comment_above && was_inline) {
    write(" ");
  } else {
    blank_line();
    start_line();
  }
  if (!insert_comments(other.head.span.row)) return false;
  if (comment_above && !was_inline) start_line();
  return write_rule(other, true);
}

bool Writer::write_head(const ast::Rule& rule, bool is_else, bool constant) {
  const ast::RuleHead& head = rule.head;
  const auto& parts = head.ref.terms;
  if (is_else) {
    write("else");
  } else if (options_.ref_heads || parts.size() == 1) {
    if (!write_ref(head.ref)) return false;
  } else if (parts.size() == 2) {
    if (!comments_.empty() && parts[1].span.row == comments_.front()->span.row) {
      return write_unformatted(place(head.span));
    }
    write(ast::to_text(parts[0]) + "[" + ast::to_text(parts[1]) + "]");
  }
  if (!head.args.empty() && !is_else) {
    write("(");
    std::vector<Element> args;
    for (const ast::Term& arg : head.args) args.push_back({&arg, nullptr, nullptr});
    const Place at = place(head.span);
    const bool ok = write_iterable(std::move(args), at, closing_row('(', ')', at), false);
    write(")");
    if (!ok) return false;
  }
  if (head.key && !head.value) {
    write(options_.contains ? " contains " : "[");
    if (!write_term(*head.key)) return false;
    if (!options_.contains) write("]");
  }
  return write_head_value(rule, is_else, constant);
}

bool Writer::write_head_value(const ast::Rule& rule, bool is_else, bool constant) {
  const ast::RuleHead& head = rule.head;
  if (!head.value) return true;
  const bool implied = is_true(*head.value);
  const bool keyed = has_key(rule) && !is_else;
  if (!keyed && implied && !constant && !rule.is_default) return true;
  // `p.q.r` alone means p.q.r := true; v1 wants it said.
  const bool said_in_v1 = options_.v1 && constant && !keyed && (head.args.empty() || is_else);
  // `f(1)` alone stays; `f(1) if { true }` becomes f(1) := true, and v0's `p { true }` p = true.
  const bool said_by_body =
      !rule.generated_body && (!head.args.empty() || (!options_.v1 && constant && !keyed));
  if (head.generated_value && !is_else && implied && !said_in_v1 && !said_by_body) return true;
  write(head.assign || options_.v1 ? " := " : " = ");
  if (!is_else) return write_term(*head.value);
  // The value of an `else` is laid out as if it began with the keyword.
  ast::Term value = *head.value;
  value.span = head.span;
  return write_term(value);
}

}  // namespace signalbox::policy::fmt_rego
