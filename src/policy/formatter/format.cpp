// Formatting a module: which imports stay, which keywords the layout uses, then the Writer.
#include "policy/formatter/format.h"

#include <algorithm>

#include "policy/formatter/writer.h"

namespace signalbox::policy::fmt_rego {
namespace {

/// "future.keywords.if": as it is written, where a reference to `if` would be quoted.
std::string path_of(const ast::Import& import) {
  return ast::dotted_name(*ast::as<ast::Ref>(import.path));
}
bool is_future(const ast::Import& import) {
  return path_of(import).starts_with("future.");
}
bool is_rego_v1(const ast::Import& import) {
  return path_of(import) == "rego.v1";
}

/// Keywords that v1 does not have by itself.
bool is_v1_future(const ast::Import& import) {
  const std::string_view word = import.name();
  return is_future(import) && (word == "not" || word == "and" || word == "or");
}

/// `import rego.v1`, on the row after the last import of its kind, or else above everything.
ast::Import rego_v1_import(const ast::Module& module) {
  ast::Span at{1, 1, 0, 0, 0};
  for (const ast::Import& import : module.imports) {
    if (is_future(import)) at.row = std::max(at.row, import.span.row + 1);
  }
  for (const ast::Rule& rule : module.rules) {
    if (at.row >= rule.span.row) at.row = 1;  // it must stand in front of the rules
  }
  return {ast::make_operator("rego.v1", at), "", at};
}

std::vector<ast::Import> kept_imports(const ast::Module& module, const FormatOptions& options) {
  std::vector<ast::Import> out = module.imports;
  const bool for_both = options.version == ast::RegoVersion::V0CompatV1;
  if (for_both && !std::ranges::any_of(out, is_rego_v1)) out.push_back(rego_v1_import(module));
  const bool imports_v1 = std::ranges::any_of(out, is_rego_v1);
  const bool v1 = options.version != ast::RegoVersion::V0;
  if (v1 && options.drop_v0_imports && !for_both) std::erase_if(out, is_rego_v1);
  if ((v1 || imports_v1) && (options.drop_v0_imports || imports_v1)) {
    std::erase_if(out, [](const ast::Import& import) { return is_future(import) && !is_v1_future(import); });
  }
  return out;
}

LayoutOptions layout_of(const ast::Module& module, const FormatOptions& options) {
  LayoutOptions out;
  out.v1 = options.version != ast::RegoVersion::V0;
  out.contains = out.ifs = out.v1;
  for (const ast::Import& import : module.imports) {
    const std::string path = path_of(import);
    const bool all = path == "rego.v1" || path == "future.keywords";
    out.contains = out.contains || all || path == "future.keywords.contains";
    out.ifs = out.ifs || all || path == "future.keywords.if";
    if (is_future(import) && path != "future.keywords") out.keywords.push_back(import.name());
  }
  for (const ast::Rule& rule : module.rules) {
    const std::size_t parts = rule.head.ref.terms.size();
    if (parts > 2 || (parts == 2 && rule.head.key && !rule.head.value)) out.ref_heads = true;
  }
  for (std::string_view word :
       {"not", "package", "import", "as", "default", "else", "with", "null", "true", "false", "some"}) {
    out.keywords.push_back(word);
  }
  if (out.v1) out.keywords.insert(out.keywords.end(), {"if", "contains", "in", "every"});
  return out;
}

}  // namespace

std::string format_module(const ast::Module& module, const FormatOptions& options) {
  return Writer(module, layout_of(module, options)).write_module(kept_imports(module, options));
}

std::expected<std::string, Diagnostics> format_source(const std::string& name, const std::string& text,
                                                      const FormatOptions& options) {
  ast::ParseOptions parsing;
  parsing.version = options.version;
  parsing.annotations = false;
  auto module = ast::parse_module(ast::make_source(name, text), parsing);
  if (!module) return std::unexpected(std::move(module.error()));
  return format_module(*module, options);
}

}  // namespace signalbox::policy::fmt_rego
