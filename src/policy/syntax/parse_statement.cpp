// Statements of a module: `package`, `import`, rules, and bare expressions. Imports may switch keywords on,
// from the next token on.
#include <fmt/format.h>

#include "policy/syntax/parser.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::ast {
namespace {

const std::string* var_name(const Term& term) {
  const auto* var = as<Var>(term);
  return var == nullptr ? nullptr : &var->name;
}

const std::string* string_value(const Term& term) {
  const auto* text = as<String>(term);
  return text == nullptr ? nullptr : &text->value;
}

bool is_language_keyword(std::string_view word, RegoVersion version) {
  return keyword_token(word, version == RegoVersion::V0 ? 0 : kV1Keywords) != Token::Ident;
}

}  // namespace

std::vector<Statement> Parser::parse_statements(bool skip_rules) {
  std::vector<Statement> out;
  scan();
  while (token() != Token::Eof && !exhausted_) {
    State start = save();
    if (token() == Token::Package) {
      if (auto package = parse_package()) {
        out.emplace_back(std::move(*package));
        continue;
      }
      if (has_errors()) break;
      restore(start);
    }
    if (token() == Token::Import) {
      if (auto import = parse_import()) {
        import_keywords(*import);
        out.emplace_back(std::move(*import));
        continue;
      }
      if (has_errors()) break;
      restore(start);
    }
    if (!skip_rules) {
      if (auto rules = parse_rules()) {
        for (Rule& rule : *rules) out.emplace_back(std::move(rule));
        continue;
      }
      if (has_errors()) break;
      restore(std::move(start));
    }
    auto body = parse_query(true, Token::Eof);
    if (!body) break;
    out.emplace_back(std::move(*body));
  }
  if (exhausted_) error({1, 1, 0, 0, 0}, "the text has too many readings: nested braces are ambiguous");
  return out;
}

/// A name, or a keyword that may stand for one in a reference.
bool Parser::ident_or_ref_keyword() {
  if (token() == Token::Ident) return true;
  if (!is_allowed_ref_keyword(token())) return false;
  state_.token.token = Token::Ident;
  return true;
}

std::optional<Package> Parser::parse_package() {
  Package package;
  package.span = span();
  scan_keeping_space();
  // `package.x` is a reference.
  if (token() == Token::Dot || token() == Token::LBrack) return {};
  if (token() == Token::Whitespace) scan();
  if (!ident_or_ref_keyword()) {
    illegal();
    return {};
  }
  auto term = parse_term();
  if (!term) return {};
  std::vector<Term> parts;
  if (auto* ref = as<Ref>(*term)) {
    parts = std::move(ref->terms);
  } else if (as<Var>(*term) != nullptr) {
    parts.push_back(std::move(*term));
  } else {
    illegal();
    return {};
  }
  const std::string* first = var_name(parts.front());
  if (first == nullptr) {
    error(parts.front().span, fmt::format("unexpected {} token: expecting var", kind_name(parts.front())));
    return {};
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (string_value(parts[i]) != nullptr) continue;
    error(parts[i].span, fmt::format("unexpected {} token: expecting string", kind_name(parts[i])));
    return {};
  }
  parts.front() = make_string(*first, parts.front().span);
  parts.insert(parts.begin(), make_var("data", parts.front().span));
  package.path.terms = std::move(parts);
  return package;
}

std::optional<Import> Parser::parse_import() {
  Import import;
  import.span = span();
  scan_keeping_space();
  if (token() == Token::Dot || token() == Token::LBrack) return {};
  if (token() == Token::Whitespace) scan();
  if (!ident_or_ref_keyword()) {
    illegal();
    return {};
  }
  auto path = parse_import_path();
  if (!path) return {};
  import.path = std::move(*path);

  const Term& root = as<Ref>(import.path)->terms.front();
  const std::string* name = var_name(root);
  if (name == nullptr || (*name != "data" && *name != "input" && *name != "future" && *name != "rego")) {
    hint("if this is unexpected, try updating OPA");
    error(
        import.path.span,
        fmt::format("unexpected import path, must begin with one of: {{data, future, input, rego}}, got: {}",
                    to_text(root)));
    return {};
  }
  if (token() == Token::As) {
    scan();
    if (token() != Token::Ident) {
      illegal("expected var");
      return {};
    }
    const auto alias = parse_term();
    const std::string* word = alias ? var_name(*alias) : nullptr;
    if (word == nullptr) {
      illegal("expected var");
      return {};
    }
    import.alias = *word;
    return import;
  }
  check_import(import);
  return import;
}

/// The path, in which the words of the future are plain names: `import future.keywords.in`.
std::optional<Term> Parser::parse_import_path() {
  const FutureKeywords keywords = std::exchange(keywords_, 0);
  not_is_keyword_ = false;
  auto term = parse_term();
  keywords_ = keywords;
  not_is_keyword_ = true;
  if (term && as<Var>(*term) != nullptr) {
    const Span at = term->span;
    std::vector<Term> parts;
    parts.push_back(std::move(*term));
    return make_ref(std::move(parts), at);
  }
  const auto* ref = term ? as<Ref>(*term) : nullptr;
  if (ref == nullptr) {
    error(span(), "expected path");
    return {};
  }
  for (std::size_t i = 1; i < ref->terms.size(); ++i) {
    if (string_value(ref->terms[i]) != nullptr) continue;
    error(ref->terms[i].span, fmt::format("unexpected {} token: expecting string", kind_name(ref->terms[i])));
    return {};
  }
  return term;
}

/// The name that an import without an alias introduces may be no keyword, except for `future`'s.
bool Parser::check_import(const Import& import) {
  const auto& parts = as<Ref>(import.path)->terms;
  const Term& last = parts.back();
  const std::string* word = parts.size() == 1 ? var_name(last) : string_value(last);
  if (parts.size() > 1 && *var_name(parts.front()) == "future") return true;
  if (word == nullptr || !is_language_keyword(*word, version_)) return true;
  hint("import a different path or use an alias");
  error(last.span, fmt::format("unexpected import path, must not end with a keyword, got: {}", *word));
  return false;
}

void Parser::import_keywords(const Import& import) {
  const std::string& root = *var_name(as<Ref>(import.path)->terms.front());
  if (root == "rego") import_rego(import);
  if (root == "future") import_future(import);
}

void Parser::import_future(const Import& import) {
  const auto& parts = as<Ref>(import.path)->terms;
  const Span& at = import.path.span;
  if (parts.size() == 1 || *string_value(parts[1]) != "keywords") {
    return error(at, "invalid import, must be `future.keywords`");
  }
  if (!import.alias.empty()) return error(at, "`future` imports cannot be aliased");
  FutureKeywords bits = kAllFutureKeywords;
  if (parts.size() == 3) {
    bits = future_keyword(*string_value(parts[2]));
    if (bits == 0) return error(at, "unexpected keyword, must be one of [and contains every if in not or]");
  }
  if ((bits & kEvery) != 0) bits |= kIn;
  keywords_ |= bits;
}

void Parser::import_rego(const Import& import) {
  const auto& parts = as<Ref>(import.path)->terms;
  const Span& at = import.path.span;
  if (parts.size() != 2 || *string_value(parts[1]) != "v1") {
    return error(at, fmt::format("invalid import `{}`, must be `rego.v1`", to_text(import.path)));
  }
  if (version_ == RegoVersion::V1) return;  // it is v1 already
  if (!import.alias.empty()) return error(at, "`rego` imports cannot be aliased");
  keywords_ |= kV1Keywords;
}

}  // namespace signalbox::policy::ast
