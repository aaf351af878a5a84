// PortalRows: how many rows have passed of portals whose rows come in portions, so that a cap on them holds
// for all portions together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::proxy {

struct PreparedText;

class PortalRows {
 public:
  /// What a portal or a cursor runs: while that is the same, so is the portal, unless it was bound anew.
  using Text = std::shared_ptr<const PreparedText>;

  bool empty() const { return known_.empty(); }
  /// When it gives a portion, that can be remembered.
  bool has_room_for(std::string_view portal) const;
  /// A portion has come, and with all of them so many rows have passed. `outlives`: a COMMIT may leave it.
  /// False: too many portals to be remembered, which has_room_for() has told before.
  bool suspended(std::string_view portal, Text runs, std::uint64_t rows, bool outlives);
  std::uint64_t passed(std::string_view portal, const Text& runs) const;
  /// Another one has its name now, or none.
  void gone(std::string_view portal);
  void transaction_ended();

 private:
  struct Known {
    std::string portal;
    Text runs;
    std::uint64_t rows = 0;
    bool outlives = false;
  };
  std::vector<Known> known_;
};

}  // namespace signalbox::proxy
