// Metadata: comment blocks that begin with `# METADATA` in the first column hold YAML about the statement
// that follows. A block of scope document or package is about all rules of that path, or the whole package.
#include <fmt/format.h>

#include <algorithm>

#include "policy/builtins/go/text.h"
#include "policy/builtins/go/url.h"
#include "policy/syntax/annotation_fields.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/parser.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::ast {
namespace {

template <class T>
using Read = std::expected<T, std::string>;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_metadata(const Comment& comment) {
  return comment.span.col == 1 && trim(comment.text).starts_with("METADATA");
}

bool ends_block(const Comment& current, const Comment& previous) {
  return current.span.col != 1 || current.span.row - 1 != previous.span.row || is_metadata(current);
}

const Term* field(const Object& object, std::string_view name) {
  for (const ObjectItem& item : object.items) {
    const auto* key = as<String>(item.key);
    if (key != nullptr && key->value == name) return &item.value;
  }
  return nullptr;
}

/// Without the spaces around it; empty where there is no such text.
std::string text_of(const Object& object, std::string_view name) {
  const Term* value = field(object, name);
  const auto* text = value == nullptr ? nullptr : as<String>(*value);
  return text == nullptr ? std::string() : std::string(trim(text->value));
}

/// What is wrong with a text of several terms is told.
Read<Ref> ref_from(const std::string& text) {
  auto ref = parse_ref(make_source("", text));
  if (ref) return std::move(*ref);
  const auto terms = parse_query(make_source("", text));
  if (!terms || terms->size() < 2) return std::unexpected(std::string());
  return std::unexpected("expected exactly one term but got: " + to_text(*terms));
}

std::string because(std::string_view what, const std::string& why) {
  return why.empty() ? std::string() : fmt::format(": {}{}", what, why);
}

/// "Jane Doe <jane@example.com>": the last word in angle brackets is the address.
Read<Author> author_from(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::unexpected("author is an empty string");
  Author out;
  const auto space = text.find_last_of(" \t");
  const std::string_view last = space == std::string_view::npos ? text : text.substr(space + 1);
  if (last.size() >= 2 && last.starts_with('<') && last.ends_with('>')) {
    out.email = last.substr(1, last.size() - 2);
    text = trim(text.substr(0, text.size() - last.size()));
  }
  out.name = text;
  return out;
}

Read<Author> author_from(const Term& term) {
  if (std::string wrong = key_problem(term); !wrong.empty()) return std::unexpected(std::move(wrong));
  if (const auto* text = as<String>(term)) return author_from(text->value);
  const auto* object = as<Object>(term);
  if (object == nullptr) return std::unexpected("invalid value type, must be string or map");
  Author out{text_of(*object, "name"), text_of(*object, "email")};
  if (out.name.empty() && out.email.empty())
    return std::unexpected("'name' and/or 'email' values required in object");
  return out;
}

Read<RelatedResource> resource_at(std::string_view url, std::string description) {
  const auto parsed = go::parse_url(url);
  if (!parsed) return std::unexpected(parsed.error().message);
  return RelatedResource{parsed->text(), std::move(description)};
}

Read<RelatedResource> resource_from(const Term& term) {
  if (std::string wrong = key_problem(term); !wrong.empty()) return std::unexpected(std::move(wrong));
  if (const auto* text = as<String>(term))
    return text->value.empty() ? std::unexpected("ref URL may not be empty string")
                               : resource_at(text->value, "");
  const auto* object = as<Object>(term);
  if (object == nullptr) return std::unexpected("invalid value type, must be string or map");
  const std::string ref = text_of(*object, "ref");
  if (ref.empty()) return std::unexpected("'ref' value required in object");
  return resource_at(ref, text_of(*object, "description"));
}

Read<SchemaAnnotation> schema_from(const Object& object) {
  const auto* path = object.items.empty() ? nullptr : as<String>(object.items.front().key);
  auto ref = path == nullptr ? Read<Ref>(std::unexpected("")) : ref_from(path->value);
  if (!ref) return std::unexpected("invalid document reference");
  const Term& value = object.items.front().value;
  SchemaAnnotation out;
  out.path = std::move(*ref);
  if (const auto* name = as<String>(value)) {
    auto schema = ref_from(name->value);
    const auto* root = schema ? as<Var>(schema->terms.front()) : nullptr;
    if (root == nullptr || root->name != "schema") return std::unexpected("invalid schema reference");
    out.schema = std::move(*schema);
  } else if (as<Object>(value) != nullptr && key_problem(value).empty()) {
    out.definition = value;
  } else {
    return std::unexpected(fmt::format("invalid schema declaration for path \"{}\"", path->value));
  }
  return out;
}

Read<CompileAnnotation> compile_from(const Object& object) {
  CompileAnnotation out;
  const Term* unknowns = field(object, "unknowns");
  if (const auto* list = unknowns == nullptr ? nullptr : as<Array>(*unknowns)) {
    for (const Term& item : list->items) {
      const auto* text = as<String>(item);
      if (text == nullptr) continue;
      auto ref = ref_from(text->value);
      if (!ref)
        return std::unexpected(fmt::format("invalid unknowns element \"{}\"{}", text->value,
                                           because("failed to parse ref: ", ref.error())));
      out.unknowns.push_back(std::move(*ref));
    }
  }
  if (const std::string mask = text_of(object, "mask_rule"); !mask.empty()) {
    auto ref = ref_from(mask);
    if (!ref)
      return std::unexpected(
          fmt::format("invalid mask_rule annotation \"{}\"{}", mask, because("", ref.error())));
    out.mask_rule = std::move(*ref);
  }
  return out;
}

std::optional<AnnotationScope> scope_from(std::string_view word) {
  if (word == "rule") return AnnotationScope::Rule;
  if (word == "document") return AnnotationScope::Document;
  if (word == "package") return AnnotationScope::Package;
  if (word == "subpackages") return AnnotationScope::Subpackages;
  return {};
}

/// Each value of a list, read by `read`; the first complaint wins.
template <class T, class From, class F>
std::string read_all(const std::vector<From>& list, std::vector<T>& out, std::string_view what, F&& read) {
  for (const From& item : list) {
    auto one = read(item);
    if (!one) {
      if constexpr (std::is_same_v<From, Term>)
        return fmt::format("invalid {} {}: {}", what, go_text(item), one.error());
      return one.error();
    }
    out.push_back(std::move(*one));
  }
  return {};
}

/// A map of free form: the keys of its values are texts.
Read<std::optional<Term>> free_form(const std::optional<Object>& object) {
  if (!object) return std::nullopt;
  for (const ObjectItem& item : object->items)
    if (std::string wrong = key_problem(item.value); !wrong.empty()) return std::unexpected(std::move(wrong));
  return Term{*object, {}};
}

Read<Annotations> annotations_from(AnnotationFields fields) {
  Annotations out;
  out.title = std::move(fields.title);
  out.description = std::move(fields.description);
  out.entrypoint = fields.entrypoint;
  out.organizations = std::move(fields.organizations);
  std::string wrong =
      read_all(fields.related_resources, out.related_resources, "related-resource definition", resource_from);
  if (wrong.empty()) wrong = read_all(fields.schemas, out.schemas, "", schema_from);
  if (wrong.empty())
    wrong = read_all(fields.authors, out.authors, "author definition",
                     [](const Term& item) { return author_from(item); });
  if (!wrong.empty()) return std::unexpected(std::move(wrong));
  if (fields.compile) {
    auto compile = compile_from(*fields.compile);
    if (!compile) return std::unexpected(std::move(compile.error()));
    out.compile = std::move(*compile);
  }
  auto custom = free_form(fields.custom);
  if (!custom) return std::unexpected(std::move(custom.error()));
  out.custom = std::move(*custom);
  if (fields.labels) out.labels = Term{std::move(*fields.labels), {}};
  return out;
}

/// go-yaml does not see a key where no space follows its colon: OPA adds a hint.
std::string hint_about(const Comment& comment) {
  std::string_view rest = comment.text;
  std::string symbols;
  for (std::size_t colon; (colon = rest.find(':')) != std::string_view::npos;) {
    rest.remove_prefix(colon + 1);
    const bool last = rest.find(':') == std::string_view::npos;
    if ((rest.empty() && last) || rest.starts_with(' ') || rest.starts_with('\t')) return {};
    std::string rune;
    go::append_rune(rune, rest.starts_with(':') ? go::kRuneError : go::decode_rune(rest).value);
    symbols += (symbols.empty() ? "" : " ") + go::quote(rune, go::QuoteStyle::Ascii, '\'');
  }
  if (symbols.empty()) return {};
  return fmt::format(
      "\n  Hint: on line {}, symbol(s) [{}] immediately following a key/value separator ':' is not a legal "
      "yaml "
      "space character",
      comment.span.row, symbols);
}

class Attacher {
 public:
  Attacher(Module& module, const std::vector<std::pair<Span, std::int32_t>>& statements, Parser& parser)
      : module_(module), statements_(statements), parser_(parser) {}

  void run() {
    const auto& comments = module_.comments;
    for (std::size_t i = 0; i < comments.size();) {
      if (!is_metadata(comments[i])) {
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < comments.size() && !ends_block(comments[end], comments[end - 1])) ++end;
      read_block(i, end);
      i = end;
    }
    for (std::size_t i = 0; i < module_.annotations.size(); ++i) bind_rules(i);
  }

 private:
  void read_block(std::size_t first, std::size_t end) {
    const auto& comments = module_.comments;
    const Span& at = comments[first].span;
    std::string yaml;
    for (std::size_t i = first + 1; i < end; ++i) {
      std::string_view line = comments[i].text;
      if (line.starts_with(' ')) line.remove_prefix(1);
      yaml += std::string(line) + '\n';
    }
    if (trim(yaml).empty()) return parser_.error(at, "expected METADATA block, found whitespace");
    auto fields = annotation_fields(yaml);
    if (!fields) {
      const std::size_t line = std::min<std::size_t>(first + 1 + fields.error().row, end - 1);
      std::string message = std::move(fields.error().message);
      for (std::size_t i = first + 1; i < end; ++i) message += hint_about(comments[i]);
      return parser_.error(comments[line].span, std::move(message));
    }
    const std::string scope = fields->scope;
    auto annotations = annotations_from(std::move(*fields));
    if (!annotations) return parser_.error(at, std::move(annotations.error()));
    annotations->span = at;
    annotations->span.end = comments[end - 1].span.end;
    annotations->end_row = comments[end - 1].span.row;
    if (attach(*annotations, scope)) module_.annotations.push_back(std::move(*annotations));
  }

  /// Ties the block to the first statement below it.
  bool attach(Annotations& annotations, const std::string& written_scope) {
    std::int32_t target = -3;  // nothing follows
    for (const auto& [span, index] : statements_) {
      if (span.row <= annotations.span.row) continue;
      target = index;
      break;
    }
    const std::string_view have = target >= 0    ? " (have rule)"
                                  : target == -1 ? " (have package)"
                                  : target == -2 ? " (have import)"
                                                 : "";
    std::string scope = written_scope;
    annotations.scope_written = !scope.empty();
    if (scope.empty()) {
      scope = target >= 0    ? (annotations.entrypoint ? "document" : "rule")
              : target == -1 ? "package"
              : target == -2 ? "import"
                             : "";
    }
    const auto known = scope_from(scope);
    if (!known) {
      parser_.error(annotations.span,
                    fmt::format("invalid annotation scope '{}'. Use one of 'rule', 'document', "
                                "'package', or 'subpackages'",
                                scope));
      return false;
    }
    annotations.scope = *known;
    const bool for_rule = *known == AnnotationScope::Rule || *known == AnnotationScope::Document;
    if (for_rule != (target >= 0) || (!for_rule && target != -1)) {
      parser_.error(annotations.span, fmt::format("annotation scope '{}' must be applied to {}{}", scope,
                                                  for_rule ? "rule" : "package", have));
      return false;
    }
    if (annotations.entrypoint && *known != AnnotationScope::Document && *known != AnnotationScope::Package) {
      parser_.error(
          annotations.span,
          fmt::format("annotation entrypoint applied to non-document or package scope '{}'", scope));
      return false;
    }
    annotations.target = module_.package.path;
    if (target >= 0) append_rule_path(annotations.target, module_.rules[static_cast<std::size_t>(target)]);
    return true;
  }

  static void append_rule_path(Ref& path, const Rule& rule) {
    const auto& parts = rule.head.ref.terms;
    path.terms.push_back(make_string(as<Var>(parts.front())->name, parts.front().span));
    for (std::size_t i = 1; i < parts.size() && is_constant(parts[i]); ++i) path.terms.push_back(parts[i]);
  }

  /// A block of scope document is about every rule of its path, one of scope rule about the next rule below
  /// it.
  void bind_rules(std::size_t index) {
    const Annotations& annotations = module_.annotations[index];
    if (annotations.scope != AnnotationScope::Document && annotations.scope != AnnotationScope::Rule) return;
    for (Rule& rule : module_.rules) {
      Ref path = module_.package.path;
      append_rule_path(path, rule);
      if (compare(path, annotations.target) != 0) continue;
      if (annotations.scope == AnnotationScope::Rule && rule.span.row <= annotations.span.row) continue;
      rule.annotations.push_back(static_cast<std::uint32_t>(index));
      if (annotations.scope == AnnotationScope::Rule) return;
    }
  }

  Module& module_;
  const std::vector<std::pair<Span, std::int32_t>>& statements_;
  Parser& parser_;
};

}  // namespace

void attach_annotations(Module& module, const std::vector<std::pair<Span, std::int32_t>>& statements,
                        Parser& parser) {
  Attacher(module, statements, parser).run();
}

}  // namespace signalbox::policy::ast
