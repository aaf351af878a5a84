// JSON texts of verbs.
#include "app/cli/json_text.h"

#include <fmt/format.h>

#include "policy/syntax/ast_json.h"
#include "policy/value/json.h"

namespace signalbox::app::cli {

std::string json_string(std::string_view text) {
  return policy::to_json(policy::Value::string(text), policy::EscapeHtml::Yes);
}

std::string json_location(const SourcePosition& at) {
  return fmt::format(R"({{"file":{},"row":{},"col":{}}})", json_string(at.file), at.row, at.col);
}

std::string indented(std::string_view compact) {
  return policy::ast::indent_json(compact) + '\n';
}

}  // namespace signalbox::app::cli
