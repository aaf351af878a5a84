// Signals: the memories of the detectors that the loaded policies read, on one worker. Empty while none is
// read that must remember: then watches() is false, and nothing is seen.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proxy/signals/detector.h"

namespace signalbox::proxy {

class Policies;

class Signals {
 public:
  /// Begins and ends memories; one that is still read is kept. `declared`: paths that are read besides,
  /// "signals.rate".
  void use(const Policies& policies, std::span<const std::string> declared = {});

  bool watches(Sight sight) const { return watched_.has(sight); }
  void see(Sight sight, const Event& event);
  /// Undefined when the detector is off.
  policy::Value signal(const Detector& detector, const Event& event, policy::Arena& arena) const;

 private:
  struct Kept {
    const Detector* detector;
    std::unique_ptr<DetectorMemory> memory;
  };
  std::vector<Kept> kept_;
  Sights watched_;
};

}  // namespace signalbox::proxy
