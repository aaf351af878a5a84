// Portions: portals whose rows come in portions, and what an action has bounded of them. The statement was
// decided when it was bound or declared; each later Execute goes on with its answer, and its bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/lane/host.h"

namespace signalbox::proxy {

class Portions {
 public:
  struct Bound {
    std::optional<AnswerCap> cap;
    std::uint64_t rows = 0;        ///< of the portions so far
    std::uint64_t bytes = 0;       ///< the same
    std::int64_t duration_ns = 0;  ///< 0: any
    wire::ErrorFields cancel_error;
  };

  bool empty() const { return known_.empty(); }
  /// A portion has come. False: too many portals to be remembered.
  bool suspended(std::string_view portal, Bound bound) { return keep(portal, std::move(bound), false); }
  /// A cursor, which a COMMIT may leave.
  bool declared(std::string_view cursor, Bound bound) { return keep(cursor, std::move(bound), true); }
  const Bound* of(std::string_view portal) const;
  /// Another one has its name now, or none.
  void gone(std::string_view portal);
  void transaction_ended();

 private:
  struct Known {
    std::string portal;
    Bound bound;
    bool outlives = false;
  };
  bool keep(std::string_view portal, Bound bound, bool outlives);

  std::vector<Known> known_;
};

}  // namespace signalbox::proxy
