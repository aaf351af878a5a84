// rego.parse_module: a module's text to its syntax tree, as OPA prints trees.
// (rego.metadata.* are constants that the checker puts in: see check/metadata_calls.cpp.)
#include <algorithm>

#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/syntax/ast_json.h"
#include "policy/syntax/parsing.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace {

using Text = std::string_view;

/// Nodes nest three levels of JSON each; the parser bounds their depth.
constexpr std::uint32_t kMaxJsonDepth = 16'384;

std::size_t offset_of(Text source, const SourcePosition& at) {
  std::size_t offset = 0;
  for (std::uint32_t row = 1; row < at.row; ++row) {
    const auto end = source.find('\n', offset);
    if (end == Text::npos) return source.size();
    offset = end + 1;
  }
  for (std::uint32_t col = 1; col < at.col && offset < source.size(); ++col) {
    ++offset;
    while (offset < source.size() && (static_cast<unsigned char>(source[offset]) & 0xC0) == 0x80) ++offset;
  }
  return offset;
}

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// The line that the error is in and a caret below the place; at white space, below what stands before it.
std::string excerpt(Text source, const SourcePosition& position) {
  if (source.empty()) return {};
  std::size_t at = std::min(offset_of(source, position), source.size() - 1);
  while (at > 0 && is_space(source[at])) --at;
  std::size_t begin = at;
  while (begin > 0 && !is_line_end(source[begin])) --begin;
  if (is_line_end(source[begin])) ++begin;
  std::size_t end = at;
  while (end < source.size() && !is_line_end(source[end])) ++end;
  begin = std::min(begin, end);
  Text line = source.substr(begin, end - begin);
  const std::size_t tabs = std::min(line.find_first_not_of('\t'), line.size());
  const std::size_t column = at < begin ? 0 : at - begin;
  line.remove_prefix(tabs);
  return "\n\t" + std::string(line) + "\n\t" + std::string(column > tabs ? column - tabs : 0, ' ') + "^";
}

/// OPA shows the line only where the text could not be read, not where a statement is not allowed.
bool shows_line(const Diagnostic& error) {
  return error.code == "rego_parse_error" && error.at.row != 0 && !error.message.starts_with('`') &&
         error.message != "package expected";
}

/// As OPA's ast.Errors print; an empty module is a lone ast.Error.
std::string error_text(const Diagnostics& errors, Text source) {
  std::string out = errors.size() == 1 ? "1 error occurred: " : "";
  if (errors.size() != 1) out = std::to_string(errors.size()) + " errors occurred:\n";
  if (errors.size() == 1 && errors.front().at.row == 0) out.clear();
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const Diagnostic& error = errors[i];
    const std::string row = std::to_string(error.at.row);
    if (i != 0) out += '\n';
    out += error.at.file.empty() ? row + ":" + std::to_string(error.at.col) : error.at.file + ":" + row;
    out += ": " + error.code + ": " + error.message;
    if (shows_line(error)) out += excerpt(source, error.at);
  }
  return out;
}

BuiltinResult parse_module(BuiltinContext& context, Text name, Value text) {
  if (!text.is_string()) return operand_error(1, "string", text);  // OPA says 1 here too
  const Text source = text.as_string();
  if (!context.meter.charge(1 + source.size())) return limit_failure();
  auto module =
      ast::parse_module(ast::make_source(std::string(name), std::string(source)), {.annotations = false});
  if (!module) return builtin_failure(error_text(module.error(), source));
  const std::string json = ast::to_ast_json(*module);
  if (!charge_bytes(context, json.size())) return limit_failure();
  auto value = parse_json(context.arena, json, {.max_depth = kMaxJsonDepth});
  if (!value) return builtin_failure(value.error().message);
  return *value;
}

constexpr Builtin kTable[] = {
    declare("rego", "rego.parse_module", "(string, string) => object[string: any]", typed<parse_module>),
};

}  // namespace

std::span<const Builtin> rego() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
