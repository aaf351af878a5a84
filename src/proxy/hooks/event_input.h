// EventInput: an event as the policy engine and the actions read it. Paths are bound to rows of the fact
// table once per policy set; reading one is an index and a call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actions/facts.h"
#include "policy/input.h"
#include "proxy/hooks/fact.h"

namespace signalbox::proxy {

/// One path, bound. Either one row and what to look up inside its value, or a whole group of rows.
struct BoundPath {
  std::vector<const Fact*> rows;  ///< one; several when the path names a group ("session", or input itself)
  std::size_t depth = 0;          ///< keys of the path that the row's own path uses up
  policy::InputPath path;
};

/// A path that names nothing is bound to no row and always undefined.
BoundPath bind_path(const policy::InputPath& path);

/// Borrows the event view and the bindings.
class EventInput final : public policy::Input, public actions::Facts {
 public:
  EventInput(const EventView& view, const std::vector<BoundPath>& slots) : view_(view), slots_(slots) {}

  policy::Value at(std::uint32_t slot, policy::Arena& arena) const override;
  policy::Value at_path(const policy::InputPath& path, policy::Arena& arena) const override;
  bool append_json(std::string_view path, std::string& out) const override;

 private:
  const EventView& view_;
  const std::vector<BoundPath>& slots_;
};

policy::Value read(const BoundPath& bound, const EventView& view, policy::Arena& arena);

}  // namespace signalbox::proxy
