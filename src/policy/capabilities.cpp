// Capabilities: read, looked up by version, and held against modules. The parser reads all of the language;
// what is beyond the capabilities is found in the tree, so that the parser need not know of them.
#include "policy/capabilities.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

#include "policy/builtins/builtin.h"
#include "policy/capabilities_history.h"
#include "policy/syntax/token.h"
#include "policy/syntax/visit.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

template <class Each>
void for_each_word(std::string_view words, Each&& each) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (end != 0) each(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

std::vector<std::string> words_of(std::string_view words) {
  std::vector<std::string> out;
  for_each_word(words, [&](std::string_view word) { out.emplace_back(word); });
  return out;
}

/// The strings of a member; nullopt when it is there and is something else.
std::optional<std::vector<std::string>> strings_of(const Value& list) {
  std::vector<std::string> out;
  if (!list || list.is_null()) return out;
  if (!list.is_array()) return std::nullopt;
  for (const Value& one : list.as_array()) {
    if (!one.is_string()) return std::nullopt;
    out.emplace_back(one.as_string());
  }
  return out;
}

bool among(const auto& list, std::string_view word) {
  return std::ranges::find(list, word) != std::ranges::end(list);
}

const ast::Ref& path_of(const ast::Import& import) {
  return *ast::as<ast::Ref>(import.path);
}

/// "future.keywords.not", "rego.v1", "data.x.y"
std::string written_path(const ast::Import& import) {
  std::string out;
  for (const ast::Term& part : path_of(import).terms) {
    const auto* var = ast::as<ast::Var>(part);
    const auto* text = ast::as<ast::String>(part);
    if (!out.empty()) out += '.';
    out += var != nullptr ? var->name : text != nullptr ? text->value : "";
  }
  return out;
}

constexpr std::string_view kFuture = "future.keywords";
constexpr std::string_view kV1Words[] = {"contains", "every", "if", "in"};

/// A part of a reference that is a keyword and was written without quotes: `input.if`.
const ast::Term* keyword_part(const ast::Ref& ref, const ast::Module& module) {
  for (const ast::Term& part : ref.terms | std::views::drop(1)) {
    const auto* text = ast::as<ast::String>(part);
    if (text == nullptr || !part.span.known() || part.span.text(*module.source).starts_with('"')) continue;
    if (ast::keyword_token(text->value, ast::kV1Keywords) != ast::Token::Ident) return &part;
  }
  return nullptr;
}

/// Calls `f(name, place)` for every call of a built-in, infix ones included. `some x in xs` is none of `in`:
/// it is compiled as `x = xs[_]`.
template <class Node, class F>
void for_each_builtin_call(const Node& node, F&& f) {
  std::set<const ast::Call*> declarations;
  const auto note = [&](const ast::Call* call, const ast::Span& at) {
    if (call == nullptr) return true;
    const std::string name = declarations.contains(call) ? "eq" : ast::operator_name(*call);
    if (find_builtin(name) != nullptr) f(name, at);
    return true;
  };
  ast::for_each_expr(node, [&](const ast::Expr& expr) {
    if (const auto* some = ast::as<ast::SomeDecl>(expr)) {
      for (const ast::Term& symbol : some->symbols) declarations.insert(ast::as<ast::Call>(symbol));
    }
    return note(ast::as<ast::Call>(expr), expr.span);
  });
  ast::for_each_term(node, [&](const ast::Term& term) { return note(ast::as<ast::Call>(term), term.span); });
}

/// What a module uses of the language, each with a place where it does.
struct Uses {
  const ast::Term* template_string = nullptr;
  const ast::Term* keyword_in_ref = nullptr;
  std::set<std::string, std::less<>> calls;  ///< of built-ins
};

Uses uses_of(const ast::Module& module) {
  Uses out;
  const auto note = [&](const ast::Term& term) {
    if (ast::as<ast::TemplateString>(term) != nullptr && out.template_string == nullptr)
      out.template_string = &term;
    if (const auto* ref = ast::as<ast::Ref>(term); ref != nullptr && out.keyword_in_ref == nullptr)
      out.keyword_in_ref = keyword_part(*ref, module);
    return true;
  };
  for (const ast::Rule& rule : module.rules) {
    if (out.keyword_in_ref == nullptr) out.keyword_in_ref = keyword_part(rule.head.ref, module);
    ast::for_each_term(rule, note);
    for_each_builtin_call(rule, [&](const std::string& name, const ast::Span&) { out.calls.insert(name); });
  }
  return out;
}

class Check {
 public:
  explicit Check(const Capabilities& allowed) : allowed_(allowed) {}

  void language(const ast::Module& module) {
    source_ = &*module.source;
    if (module.version == ast::RegoVersion::V1 && !allowed_.has_feature("rego_v1")) {
      error("rego_parse_error", {}, "illegal capabilities: rego_v1 feature required for parsing v1 Rego");
      errors_.back().hint = "policies for that version of OPA are Rego v0: --v0-compatible";
      return;
    }
    for (const ast::Import& import : module.imports) check_import(import);
    const Uses uses = uses_of(module);
    if (uses.template_string != nullptr && !allowed_.has_feature("template_strings"))
      unsupported(*uses.template_string, "template strings are");
    if (uses.keyword_in_ref != nullptr && !allowed_.has_feature("keywords_in_refs"))
      unsupported(*uses.keyword_in_ref, "keywords in references are");
  }

  template <class Node>
  void calls(const Node& node, const ast::Source& source) {
    source_ = &source;
    for_each_builtin_call(node, [&](std::string_view name, const ast::Span& at) {
      if (name == "assign") name = "eq";  // as which it is compiled
      if (!allowed_.builtins.contains(name))
        error("rego_type_error", at, fmt::format("undefined function {}", name));
    });
  }

  Diagnostics take() {
    sort_by_position(errors_);
    return std::move(errors_);
  }
  bool good() const { return errors_.empty(); }

 private:
  void error(std::string_view code, const ast::Span& at, std::string message) {
    Diagnostic& out = errors_.emplace_back();
    out.code = code;
    out.message = std::move(message);
    if (!at.known()) return;
    out.at = ast::position(*source_, at);
    out.source_line = line_of(source_->text, at.row);
  }
  void unsupported(const ast::Term& term, std::string_view what) {
    error("rego_parse_error", term.span, fmt::format("{} not supported by current capabilities", what));
  }

  void check_import(const ast::Import& import) {
    const std::string path = written_path(import);
    if (path == "rego.v1" && !allowed_.has_feature("rego_v1") && !allowed_.has_feature("rego_v1_import"))
      unsupported(import.path, "invalid import, `rego.v1` is");
    if (!path.starts_with("future.keywords.")) return;
    std::vector<std::string> words = allowed_.future_keywords;
    if (allowed_.has_feature("rego_v1")) words.insert(words.end(), std::begin(kV1Words), std::end(kV1Words));
    std::ranges::sort(words);
    if (!among(words, path.substr(kFuture.size() + 1))) {
      error("rego_parse_error", import.path.span,
            fmt::format("unexpected keyword, must be one of [{}]", fmt::join(words, " ")));
    }
  }

  const Capabilities& allowed_;
  const ast::Source* source_ = nullptr;
  Diagnostics errors_;
};

/// Future keywords that a module switches on beyond those of its version.
void add_future_keywords(const ast::Module& module, std::set<std::string>& out) {
  for (const ast::Import& import : module.imports) {
    const std::string path = written_path(import);
    if (!path.starts_with(kFuture)) continue;
    const bool v0 = module.version == ast::RegoVersion::V0;
    for (const std::string_view word : {"and", "contains", "every", "if", "in", "not", "or"}) {
      const bool named = path == kFuture || path.substr(kFuture.size() + 1) == word;
      if (named && (v0 || !among(kV1Words, word))) out.emplace(word);
    }
  }
}

}  // namespace

bool Capabilities::has_feature(std::string_view name) const {
  return among(features, name);
}

const Capabilities& current_capabilities() {
  static const Capabilities current = [] {
    Capabilities out;
    for (const Builtin* builtin : all_builtins()) out.builtins.emplace(builtin->name);
    const VersionLanguage& language = language_by_version().back();
    out.future_keywords = words_of(language.future_keywords);
    out.features = words_of(language.features);
    return out;
  }();
  return current;
}

std::vector<std::string_view> opa_version_names() {
  std::vector<std::string_view> out;
  for_each_word(opa_versions(), [&](std::string_view version) { out.push_back(version); });
  return out;
}

std::optional<Capabilities> capabilities_of(std::string_view opa_version) {
  const std::vector<std::string_view> versions = opa_version_names();
  const auto wanted = std::ranges::find(versions, opa_version);
  if (wanted == versions.end()) return std::nullopt;
  const auto reached = [&](std::string_view version) {
    return std::ranges::find(versions, version) <= wanted;
  };
  Capabilities out;
  for (const VersionNews& news : builtins_by_version()) {
    if (!reached(news.version)) continue;
    for_each_word(news.builtins, [&](std::string_view name) { out.builtins.emplace(name); });
  }
  for (const VersionLanguage& language : language_by_version()) {
    if (!reached(language.version)) continue;
    out.future_keywords = words_of(language.future_keywords);
    out.features = words_of(language.features);
  }
  return out;
}

std::expected<Capabilities, std::string> parse_capabilities(std::string_view json) {
  Arena arena;
  const auto document = parse_json(arena, json);
  if (!document) return std::unexpected(document.error().message);
  const Value builtins = document->at("builtins");
  const auto keywords = strings_of(document->at("future_keywords"));
  const auto features = strings_of(document->at("features"));
  const auto hosts = strings_of(document->at("allow_net"));
  if (!document->is_object() || !keywords || !features || !hosts ||
      (builtins && !builtins.is_null() && !builtins.is_array())) {
    return std::unexpected("this is no capabilities file: see signalbox capabilities --current");
  }
  Capabilities out{{}, *keywords, *features, std::nullopt};
  if (document->at("allow_net").is_array()) out.allow_net = *hosts;
  if (!builtins || builtins.is_null()) return out;
  for (const Value& builtin : builtins.as_array()) {
    const Value name = builtin.at("name");
    if (!name.is_string()) return std::unexpected("a built-in of the capabilities file has no name");
    out.builtins.emplace(name.as_string());
  }
  return out;
}

Diagnostics beyond(const Capabilities& allowed, const std::vector<ast::Module>& modules) {
  Check check(allowed);
  for (const ast::Module& module : modules) check.language(module);
  const bool language_is_good = check.good();
  for (const ast::Module& module : modules) {
    if (!language_is_good) break;
    for (const ast::Rule& rule : module.rules) check.calls(rule, *module.source);
  }
  return check.take();
}

Diagnostics beyond(const Capabilities& allowed, const ast::Body& query, const ast::Source& source) {
  Check check(allowed);
  check.calls(query, source);
  return check.take();
}

Capabilities required_capabilities(const std::vector<ast::Module>& modules) {
  Capabilities out;
  std::set<std::string> keywords, features;
  for (const ast::Module& module : modules) {
    const Uses uses = uses_of(module);
    out.builtins.insert(uses.calls.begin(), uses.calls.end());
    add_future_keywords(module, keywords);
    if (module.version == ast::RegoVersion::V1) features.emplace("rego_v1");
    if (uses.template_string == nullptr) continue;
    features.emplace("template_strings");
    out.builtins.emplace("internal.template_string");
  }
  out.future_keywords.assign(keywords.begin(), keywords.end());
  out.features.assign(features.begin(), features.end());
  return out;
}

}  // namespace signalbox::policy
