// RingProducer: an event loop's end of the lane: a ring, the numbering that makes gaps visible, and its
// counters.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "actions/lanes/async_lane.h"
#include "actions/lanes/doorbell.h"
#include "actions/lanes/frames.h"
#include "actions/lanes/ring.h"

namespace signalbox::actions {

class RingProducer final : public Producer {
 public:
  RingProducer(std::uint32_t ring_bytes, bool store_decisions, const Clock& clock, Doorbell& bell);

  Push push(const JobView& job) override;
  Push push(const DecisionRecordView& record) override;
  double pressure() const override;
  Id next_id() override { return ids_.next(clock_.wall_ns()); }

  // The writer's side.
  Ring& ring() { return ring_; }
  /// Drops since the last gap marker, for a marker when the producer has fallen silent. Only after it has
  /// stopped.
  std::vector<GapFrame> open_gaps() const;

  struct Counters {
    std::atomic<std::uint64_t> dropped_ring{0}, dropped_size{0}, refused{0};
  };
  const Counters& counters() const { return counters_; }

 private:
  /// Numbers handed out in one class, and the run of them that was dropped last.
  struct Numbering {
    std::uint64_t last = 0;
    GapFrame gap;  ///< from == 0: none open
  };
  template <class F>
  Push put(const F& frame, Overflow overflow);
  template <class F>
  Push put_numbered(F frame, GapClass of, Overflow overflow);
  template <class F>
  bool write(const F& frame, std::size_t keep_free);
  Push count_drop(std::size_t size, Overflow overflow);

  Ring ring_;
  IdSource ids_;
  const bool store_decisions_;
  const Clock& clock_;
  Doorbell& bell_;                      ///< of who reads the ring
  std::array<Numbering, 2> numbering_;  ///< by GapClass
  std::uint32_t sampled_ = 0;
  Counters counters_;
  std::string json_, names_;  ///< reused
};

}  // namespace signalbox::actions
