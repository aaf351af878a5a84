// The catalogue: an action exists when its line is here. The order is that of the documentation: verdicts
// from strict to permissive, then other sync actions, then async ones.
#include <algorithm>
#include <array>
#include <vector>

#include "actions/catalog/specs.h"

namespace signalbox::actions {

std::span<const ActionSpec> catalogue() {
  static const std::array list = {
      catalog::reset(),   catalog::reject(),   catalog::disconnect(), catalog::terminate(),
      catalog::deny(),    catalog::error(),    catalog::discard(),    catalog::response(),
      catalog::request(), catalog::transmit(), catalog::allow(),      catalog::fallthrough(),
      catalog::block(),   catalog::upgrade(),  catalog::reauth(),     catalog::set(),
      catalog::noset(),   catalog::tag(),      catalog::police(),     catalog::limit(),
      catalog::route(),   catalog::forward(),  catalog::create(),     catalog::log(),
      catalog::webhook(),
  };
  return list;
}

namespace {

struct Named {
  std::string_view name;
  const ActionSpec* spec;
};

std::vector<Named> sorted_names() {
  std::vector<Named> names;
  for (const ActionSpec& spec : catalogue()) {
    names.push_back({spec.name, &spec});
    for (std::string_view alias : spec.aliases) names.push_back({alias, &spec});
  }
  std::ranges::sort(names, {}, &Named::name);
  return names;
}

}  // namespace

const ActionSpec* find_action(std::string_view name_or_alias) {
  static const std::vector<Named> names = sorted_names();
  const auto found = std::ranges::lower_bound(names, name_or_alias, {}, &Named::name);
  return found != names.end() && found->name == name_or_alias ? found->spec : nullptr;
}

const ParameterSpec* parameter_named(const ActionSpec& spec, std::string_view name) {
  const auto found = std::ranges::find(spec.parameters, name, &ParameterSpec::name);
  return found == spec.parameters.end() ? nullptr : &*found;
}

}  // namespace signalbox::actions
