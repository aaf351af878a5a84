// The context of a query is read as the head of a module, so that it means what it means there.
#include "policy/query_context.h"

#include "policy/syntax/print.h"

namespace signalbox::policy {
namespace {

/// "data.a.b" as after the word `package`, which says `data` by itself.
std::string_view below_data(std::string_view package) {
  return package.starts_with("data.") ? package.substr(5) : package;
}

ast::FutureKeywords keywords_of(const ast::Import& import) {
  constexpr std::string_view kFuture = "future.keywords";
  const std::string path = ast::to_text(import.path);
  if (path == "rego.v1") return ast::kV1Keywords;
  if (path == kFuture) return ast::kAllFutureKeywords;
  if (!path.starts_with(kFuture)) return 0;
  return ast::future_keyword(import.name());
}

}  // namespace

std::expected<ast::Module, Diagnostics> surroundings_of(const QueryContext& context,
                                                        const LoadOptions& options) {
  ast::ParseOptions parsing;
  if (options.v0_compatible) parsing.version = ast::RegoVersion::V0;
  ast::Module out;
  out.version = parsing.version;
  if (context.package.empty() && context.imports.empty()) return out;
  std::string text = "package ";
  text += context.package.empty() ? "query" : below_data(context.package);
  for (const std::string& import : context.imports) text += "\nimport " + import;
  return ast::parse_module(ast::make_source("", text + "\n"), parsing);
}

ast::ParseOptions parsing_in(const ast::Module& surroundings) {
  ast::ParseOptions out;
  out.version = surroundings.version;
  for (const ast::Import& import : surroundings.imports) out.keywords |= keywords_of(import);
  return out;
}

}  // namespace signalbox::policy
