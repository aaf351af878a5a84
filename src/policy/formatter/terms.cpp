// Terms: what stands in lists keeps the author's line breaks, with a trailing comma where there are several
// lines.
#include <algorithm>

#include "policy/builtins/builtin.h"
#include "policy/formatter/writer.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::fmt_rego {

std::string_view infix_of(std::string_view op) {
  const Builtin* builtin = find_builtin(op);
  return builtin == nullptr ? std::string_view() : builtin->infix;
}

bool is_union(const ast::Term& term) {
  const auto* call = ast::as<ast::Call>(term);
  return call != nullptr && ast::operator_name(*call) == "or";
}

bool is_union(const ast::Expr& expr) {
  const auto* call = ast::as<ast::Call>(expr);
  return call != nullptr && call->arity() == 2 && ast::operator_name(*call) == "or";
}

bool is_set_term(const ast::Expr& expr) {
  const auto* term = ast::as<ast::Term>(expr);
  return !expr.negated && term != nullptr && ast::as<ast::Set>(*term) != nullptr;
}

bool leads_with_brace(const ast::Term& term) {
  if (const auto* set = ast::as<ast::Set>(term)) return !set->items.empty();
  if (ast::as<ast::Object>(term) != nullptr || ast::as<ast::SetComprehension>(term) != nullptr ||
      ast::as<ast::ObjectComprehension>(term) != nullptr) {
    return true;
  }
  if (const auto* ref = ast::as<ast::Ref>(term)) return leads_with_brace(ref->terms.front());
  const auto* call = ast::as<ast::Call>(term);
  return call != nullptr && call->arity() == 2 && !infix_of(ast::operator_name(*call)).empty() &&
         leads_with_brace(call->terms[1]);
}

bool leads_with_brace(const ast::Expr& expr) {
  if (const auto* term = ast::as<ast::Term>(expr)) return leads_with_brace(*term);
  const auto* call = ast::as<ast::Call>(expr);
  if (call == nullptr || infix_of(ast::operator_name(*call)).empty()) return false;
  return call->arity() == 2 ? leads_with_brace(call->terms[1])
                            : call->arity() == 3 && leads_with_brace(call->terms[3]);
}

bool Writer::starts_with_paren(const ast::Term& term) const {
  return place(term.span).text.starts_with('(');
}

/// A term that holds a comment it has no place for is written as it stands.
bool Writer::write_term(const ast::Term& term) {
  if (comments_.empty()) return write_term(term, false);
  const std::size_t length = out_.size();
  const int level = level_;
  const Comments comments = comments_;
  if (write_term(term, false)) return true;
  out_.resize(length);
  level_ = level;
  const Place at = place(term.span);
  if (before_end_ != nullptr && !at.text.empty() && before_end_->span.row >= at.row &&
      before_end_->span.row <= last_row_of(at)) {
    before_end_ = nullptr;
  }
  comments_ = comments;
  write_unformatted(at);
  return false;
}

bool Writer::write_term(const ast::Term& term, bool parens) {
  if (paren_term_ == &term) {
    paren_term_ = nullptr;
    parens = true;
  }
  if (!insert_comments(term.span.row)) return false;
  if (!inline_) start_line();
  if (!write_node(term, parens)) return false;
  if (!inline_) start_line();
  return true;
}

bool Writer::write_node(const ast::Term& term, bool parens) {
  const Place at = place(term.span);
  if (const auto* ref = ast::as<ast::Ref>(term)) return write_ref(*ref);
  if (const auto* object = ast::as<ast::Object>(term)) return write_object(*object, at);
  if (const auto* set = ast::as<ast::Set>(term)) return write_set(*set, at);
  if (const auto* call = ast::as<ast::Call>(term)) return write_call(*call, &term, parens);
  if (const auto* text = ast::as<ast::TemplateString>(term)) return write_template(*text);
  if (const auto* array = ast::as<ast::Array>(term)) {
    std::vector<Element> elements;
    for (const ast::Term& item : array->items) elements.push_back({&item, nullptr, nullptr});
    return write_list('[', ']', std::move(elements), at);
  }
  if (const auto* array = ast::as<ast::ArrayComprehension>(term)) {
    write("[");
    const bool ok = write_comprehension('[', ']', *array->term, array->term->span.row, array->body, at);
    write("]");
    return ok;
  }
  if (const auto* set = ast::as<ast::SetComprehension>(term)) {
    write("{");
    const bool ok = write_comprehension('{', '}', *set->term, set->term->span.row, set->body, at);
    write("}");
    return ok;
  }
  if (const auto* object = ast::as<ast::ObjectComprehension>(term)) {
    write("{");
    const bool paren = is_union(*object->key);
    if (paren) write("(");
    bool ok = write_term(*object->key);
    if (paren) write(")");
    if (ok) {
      write(": ");
      // The value never begins a line of its own.
      ast::Term value = *object->value;
      value.span.row = static_cast<std::uint32_t>(at.row);
      ok = write_comprehension('{', '}', value, at.row, object->body, at);
    }
    write("}");
    return ok;
  }
  if (const auto* text = ast::as<ast::String>(term)) {
    write_string(*text, at);
  } else {
    write(ast::to_text(term));
  }
  return true;
}

/// Strings are kept as written: raw ones raw, escapes as they are.
void Writer::write_string(const ast::String& node, const Place& at) {
  const char last = at.text.empty() ? '\0' : at.text.back();
  const auto open = last == '"' || last == '`' ? at.text.find(last) : std::string_view::npos;
  if (open == std::string_view::npos) {
    write(ast::quote(node.value));
  } else {
    write(at.text.starts_with('`') ? at.text : at.text.substr(open));
  }
}

namespace {
std::string escape_braces(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{' && (i == 0 || text[i - 1] != '\\')) out += '\\';
    out += text[i];
  }
  return out;
}
}  // namespace

bool Writer::write_template(const ast::TemplateString& node) {
  write(node.raw ? "$`" : "$\"");
  for (std::size_t i = 0; i < node.parts.size(); ++i) {
    if (const auto* piece = std::get_if<ast::Box<ast::Term>>(&node.parts[i])) {
      const auto* text = ast::as<ast::String>(**piece);
      if (text == nullptr) {
        write(ast::to_text(**piece));
      } else if (node.raw) {
        write(escape_braces(text->value));
      } else {
        const std::string quoted = escape_braces(ast::quote(text->value));
        write(std::string_view(quoted).substr(1, quoted.size() - 2));
      }
      continue;
    }
    const ast::Expr& expr = *std::get<ast::Box<ast::Expr>>(node.parts[i]);
    write("{");
    ++level_;
    if (before_end_ != nullptr) {
      end_line();
      start_line();
    } else if (std::ranges::any_of(comments_,
                                   [&](const ast::Comment* c) { return c->span.row < expr.span.row; })) {
      const ast::Comment* at = nullptr;
      Comments rest = comments_;
      const Comments before = take_before(expr.span.row, at);
      comments_.assign(rest.begin() + static_cast<std::ptrdiff_t>(before.size()), rest.end());
      write(" ");
      inline_ = true;
      write_comments(before);
    }
    if (!write_expr(expr)) return false;
    if (i + 1 < node.parts.size()) {
      const ast::Span& next = node.parts[i + 1].index() == 0 ? std::get<0>(node.parts[i + 1])->span
                                                             : std::get<1>(node.parts[i + 1])->span;
      Comments before;
      while (!comments_.empty() && comments_.front()->span.row < next.row) {
        before.push_back(comments_.front());
        comments_.erase(comments_.begin());
      }
      if (!before.empty()) {
        end_line();
        write_comments(before);
        start_line();
      }
    }
    write("}");
    --level_;
  }
  write(node.raw ? "`" : "\"");
  return true;
}

bool Writer::write_ref(const ast::Ref& ref) {
  const ast::Term& head = ref.terms.front();
  const bool parens = ast::as<ast::Call>(head) != nullptr && starts_with_paren(head);
  if (!write_term(head, parens)) return false;
  for (std::size_t i = 1; i < ref.terms.size(); ++i) {
    const ast::Term& part = ref.terms[i];
    if (const auto* text = ast::as<ast::String>(part)) {
      write_ref_part(text->value, part.span);
    } else if (ast::as<ast::Var>(part) != nullptr) {
      write("[" + ast::to_text(part) + "]");
    } else {
      write("[");
      if (!write_term(part)) write("\n");  // what was written as it stands may end in a comment
      write("]");
    }
  }
  return true;
}

void Writer::write_ref_part(const std::string& text, const ast::Span& span) {
  const bool keyword = std::ranges::find(options_.keywords, text) != options_.keywords.end();
  // A keyword in quotes stays in quotes.
  const bool bracket = !ast::is_identifier(text) || (keyword && place(span).text.starts_with('"'));
  write(bracket ? "[" + ast::quote(text) + "]" : "." + text);
}

bool Writer::write_call(const ast::Call& call, const ast::Term*, bool parens) {
  const std::string op = ast::operator_name(call);
  const std::string_view infix = infix_of(op);
  if (infix == "in") return write_in(std::span(call.terms).subspan(1), true);
  if (infix.empty() || call.arity() != 2) return write_call_plain(call);
  if (parens) write("(");
  if (!write_term(call.terms[1], true)) return false;
  write(" " + std::string(infix) + " ");
  if (!write_term(call.terms[2], true)) return false;
  if (parens) write(")");
  return true;
}

bool Writer::write_call_plain(const ast::Call& call) {
  const auto* name = ast::as<ast::Ref>(call.op());
  if (name != nullptr) {
    if (!write_ref(*name)) return false;
  } else {
    write(ast::to_text(call.op()));
  }
  write("(");
  std::vector<Element> args;
  for (std::size_t i = 1; i < call.terms.size(); ++i) args.push_back({&call.terms[i], nullptr, nullptr});
  const Place at = place(call.op().span);
  const bool ok = write_iterable(std::move(args), at, closing_row('(', ')', at), false);
  write(")");
  return ok;
}

bool Writer::write_in(std::span<const ast::Term> operands, bool parens) {
  const bool keyed = operands.size() == 3;
  if (keyed && parens) write("(");
  bool ok = write_term(operands[0], true);
  if (ok && keyed) {
    write(", ");
    ok = write_term(operands[1], true);
  }
  if (ok) {
    write(" in ");
    ok = write_term(operands.back(), true);
  }
  if (keyed && parens) write(")");
  return ok;
}

bool Writer::write_object(const ast::Object& node, const Place& at) {
  std::vector<Element> elements;
  std::vector<const ast::ObjectItem*> items;
  for (const ast::ObjectItem& item : node.items) items.push_back(&item);
  std::ranges::stable_sort(items,
                           [](const auto* a, const auto* b) { return ast::compare(a->key, b->key) < 0; });
  for (const ast::ObjectItem* item : items) elements.push_back({&item->key, &item->value, nullptr});
  return write_list('{', '}', std::move(elements), at);
}

bool Writer::write_set(const ast::Set& node, const Place& at) {
  if (node.items.empty()) {
    write("set()");
    return insert_comments(closing_row('(', ')', at));
  }
  std::vector<Element> elements;
  for (const ast::Term* item : ast::sorted_members(node)) elements.push_back({item, nullptr, nullptr});
  return write_list('{', '}', std::move(elements), at);
}

bool Writer::write_list(char open, char close, std::vector<Element> elements, const Place& at) {
  write(std::string(1, open));
  const bool ok = write_iterable(std::move(elements), at, closing_row(open, close, at), true);
  write(std::string(1, close));
  return ok;
}

bool Writer::write_comprehension(char open, char close, const ast::Term& term, std::int64_t term_row,
                                 const ast::Body& body, const Place& at) {
  if (term_row > at.row) {
    end_line();
    start_line();
  }
  const bool parens = ast::as<ast::Call>(term) != nullptr && (is_union(term) || starts_with_paren(term));
  if (!write_term(term, parens)) return false;
  write(" |");
  return write_comprehension_body(open, close, body, term_row, at);
}

Place Writer::place_of(const Element& element) const {
  return place(element.expr != nullptr ? element.expr->span : element.term->span);
}

namespace {
bool has_generated(const Element& element) {
  bool found = false;
  const auto look = [&](const ast::Term& term) {
    const auto* var = ast::as<ast::Var>(term);
    found = found || (var != nullptr && var->name.starts_with("__local"));
    return !found;
  };
  if (element.expr != nullptr) ast::for_each_term(*element.expr, look);
  if (element.term != nullptr && element.value == nullptr) ast::for_each_term(*element.term, look);

  return found;
}
}  // namespace

/// Elements in the order of the text, one group a line.
std::vector<std::vector<Element>> Writer::group(std::vector<Element> elements, std::int64_t last_row) const {
  // Generated variables do not stand where they say: their lists stay together.
  if (std::ranges::any_of(elements, has_generated)) return {std::move(elements)};
  std::ranges::stable_sort(elements, [this](const Element& a, const Element& b) {
    const Place left = place_of(a), right = place_of(b);
    return std::pair(left.row, left.col) < std::pair(right.row, right.col);
  });
  std::vector<std::vector<Element>> lines(1);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::int64_t row = place_of(elements[i]).row;
    if (row > last_row && i > 0) lines.emplace_back();
    last_row = row;
    lines.back().push_back(elements[i]);
  }
  return lines;
}

bool Writer::write_iterable(std::vector<Element> elements, const Place& at, std::int64_t close_row,
                            bool paren_unions) {
  const bool any = !elements.empty();
  const ast::Term* first = any ? elements.front().term : nullptr;
  const auto lines = group(std::move(elements), at.row);
  bool newline_first = false;
  if (lines.size() == 1) {
    for (const ast::Comment* comment : comments_) {
      if (comment->span.row > at.row && comment->span.row < close_row) return false;
    }
    if (any) {
      first = lines.front().front().term;
      const auto cut = at.text.find(place(first->span).text);
      newline_first = cut != std::string_view::npos && cut > 0 &&
                      at.text.substr(0, cut).find('\n') != std::string_view::npos &&
                      at.text.substr(0, cut).find('\n') > 0;
    }
  }
  const bool multiline = lines.size() > 1 || newline_first;
  if (multiline) {
    delay_ = true;
    end_line();
    ++level_;
    start_line();
  }
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    if (!write_line_of(lines[i], paren_unions)) return false;
    write(",");
    end_line();
    start_line();
  }
  if (!write_line_of(lines.back(), paren_unions)) return false;
  if (!multiline) return true;
  write(",");
  end_line();
  if (!insert_comments(close_row)) return false;
  --level_;
  start_line();
  return true;
}

bool Writer::write_line_of(std::span<const Element> elements, bool paren_unions) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) write(", ");
    if (!write_element(elements[i], paren_unions)) return false;
  }
  return true;
}

bool Writer::write_element(const Element& element, bool paren_unions) {
  const auto wrapped = [this](const ast::Term& term, bool parens) {
    if (parens) write("(");
    const bool ok = write_term(term);
    if (parens) write(")");
    return ok;
  };
  if (element.value == nullptr) {
    return wrapped(*element.term,
                   is_union(*element.term) && (paren_unions || starts_with_paren(*element.term)));
  }
  if (!wrapped(*element.term, is_union(*element.term))) return false;
  write(": ");
  return wrapped(*element.value, is_union(*element.value));
}

}  // namespace signalbox::policy::fmt_rego
