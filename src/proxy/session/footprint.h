// Footprint: what a session may have left at its server. A session that has left something stays there
// (docs/routing.md), and one that has written wants to read it.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/targets/choose.h"

namespace signalbox::proxy {

struct QueryRuling;

class Footprint {
 public:
  /// A message is about to go to the server. `ruling`: on it; null when nobody has looked.
  void note(char type, std::string_view body, const QueryRuling* ruling);
  /// Something is left there for as long as the session lives.
  void leaves_state() { holds_state_ = true; }
  /// DISCARD ALL.
  void discarded_all() { holds_state_ = false; }
  /// ReadyForQuery, steady time. `ended`: no transaction is open.
  void answered(std::int64_t now_ns, bool ended) {
    if (wrote_) written_ns_ = now_ns;
    if (ended) wrote_ = false;
  }

  bool holds_state() const { return holds_state_; }
  Moment moment(std::int64_t now_ns) const;

 private:
  bool holds_state_ = false;
  bool wrote_ = false;           ///< in the transaction under way
  std::int64_t written_ns_ = 0;  ///< steady; when that was answered last
};

}  // namespace signalbox::proxy
