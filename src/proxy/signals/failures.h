// Failures: a memory of what went wrong, by the client's address and by the user it came as. What the
// detectors of authentication failures and of protocol violations are made of.
#pragma once

#include "proxy/signals/aging_map.h"
#include "proxy/signals/detector.h"
#include "proxy/signals/window.h"

namespace signalbox::proxy {

class Failures final : public DetectorMemory {
 public:
  explicit Failures(std::chrono::nanoseconds window) : window_(window) {}

  void see(Sight sight, const Event& event) override;
  policy::Value signal(const Event& event, policy::Arena& arena) const override;

 private:
  std::chrono::nanoseconds window_;
  AgingMap<Window> addresses_{8192};
  AgingMap<Window> users_{8192};
};

inline constexpr std::string_view kFailuresBounds =
    "8,192 addresses and as many users; those without a failure for longest are forgotten first";

}  // namespace signalbox::proxy
