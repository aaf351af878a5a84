// The JSON of OPA's ArgErrDetail, UnificationErrDetail, RefErrInvalidDetail and RefErrUnsupportedDetail.
#include "policy/check/error_details.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "policy/check/rule_tree.h"
#include "policy/check/type_json.h"
#include "policy/syntax/ast_json.h"

namespace signalbox::policy::check {
namespace {

std::string ref_json(const ast::Ref& ref) {
  static const ast::Source kNowhere;
  std::vector<std::string> parts;
  for (const ast::Term& part : ref.terms) parts.push_back(ast::to_ast_json(part, kNowhere));
  return fmt::format("[{}]", fmt::join(parts, ","));
}

void add_known_keys(const TypePtr& type, std::set<ast::Term, TermLess>& out) {
  if (type == nullptr) return;
  for (const Property& property : type->properties) out.insert(property.key);
  if (type->kind == TypeKind::Any)
    for (const TypePtr& one : type->parts) add_known_keys(one, out);
}

/// Sorted; null when there are none.
std::string known_keys_json(const TypePtr& type) {
  std::set<ast::Term, TermLess> keys;
  add_known_keys(type, keys);
  std::vector<std::string> out;
  for (const ast::Term& key : keys) out.push_back(key_json(key));
  return out.empty() ? "null" : fmt::format("[{}]", fmt::join(out, ","));
}

}  // namespace

std::string argument_details(const std::vector<TypePtr>& have, const std::vector<TypePtr>& want,
                             const TypePtr& variadic) {
  std::string members = want.empty() ? "" : R"("args":)" + to_json(want);
  if (variadic != nullptr)
    members += (members.empty() ? "" : ",") + fmt::format(R"("variadic":{})", to_json(variadic));
  return fmt::format(R"({{"have":{},"want":{{{}}}}})", to_json(have), members);
}

std::string match_details(const TypePtr& left, const TypePtr& right) {
  return fmt::format(R"({{"a":{},"b":{}}})", to_json(left), to_json(right));
}

std::string undefined_details(const ast::Ref& ref, std::size_t position, const TypePtr& have,
                              const TypePtr& want, const TypePtr& one_of) {
  const std::string found = have == nullptr ? "" : fmt::format(R"("have":{},)", to_json(have));
  return fmt::format(R"({{"ref":{},"pos":{},{}"want":{},"oneOf":{}}})", ref_json(ref), position, found,
                     to_json(want), known_keys_json(one_of));
}

std::string unsupported_details(const ast::Ref& ref, std::size_t position, const TypePtr& have) {
  return fmt::format(R"({{"ref":{},"pos":{},"have":{}}})", ref_json(ref), position, to_json(have));
}

}  // namespace signalbox::policy::check
