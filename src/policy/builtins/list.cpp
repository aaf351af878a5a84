// The explicit list of built-ins, sorted by name once.
// The surprise: tables are spelled out instead of registering themselves, because a static library drops
// objects that nobody refers to.
#include "policy/builtins/list.h"

#include <algorithm>
#include <vector>

namespace signalbox::policy {
namespace {

std::vector<const Builtin*> sorted_list() {
  std::vector<const Builtin*> all;
  using namespace builtins;
  for (auto category : {aggregates,    aws,         arrays,     bits,           casts,
                        cidr,          comparison,  encoding,   glob,           graph,
                        graphql_calls, hashes,      http_send,  internal_calls, jwt_constraints,
                        jwt_readers,   jwt_signers, json_paths, json_schema,    lookups,
                        numbers,       objects,     regex,      rego,           render_template,
                        semver,        sets,        strings,    time,           types,
                        units,         uri,         uuid,       x509,           yaml})
    for (const Builtin& builtin : category()) all.push_back(&builtin);
  std::ranges::sort(all, {}, &Builtin::name);
  return all;
}

}  // namespace

std::span<const Builtin* const> all_builtins() {
  static const std::vector<const Builtin*> list = sorted_list();
  return list;
}

const Builtin* find_builtin(std::string_view name) {
  auto all = all_builtins();
  auto at = std::ranges::lower_bound(all, name, {}, &Builtin::name);
  return at != all.end() && (*at)->name == name ? *at : nullptr;
}

}  // namespace signalbox::policy
