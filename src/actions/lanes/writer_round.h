// What one round of the writer carries: gathered before its transaction, applied after it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "actions/lanes/writer.h"

namespace signalbox::actions {

inline constexpr std::int64_t kHousekeepingUs = 1'000'000;

struct Writer::Round {
  std::int64_t now_us = 0;
  // Gathered. Views point into the rings, which are released when the round is concluded.
  std::vector<RingProducer*> read_from;
  std::vector<JobView> jobs;
  struct Line {
    std::size_t producer = 0;
    Frame frame;  ///< StreamFrame or GapFrame
  };
  std::vector<Line> lines;
  std::vector<DecisionFrame> decisions;
  std::vector<Line> decision_gaps;
  std::vector<Waiting> commands;
  Durability durability = Durability::Process;

  // Made by the transaction; emptied when it has to be repeated.
  struct Effects {
    std::vector<ClaimedJob> claimed;
    std::vector<JobResult> results;
    std::vector<Result<std::uint64_t>> answers;               ///< of commands
    std::map<std::string, std::uint32_t, std::less<>> taken;  ///< slots given away in this round, by sink
    std::uint64_t accepted = 0, dropped_backlog = 0, completed = 0, retried = 0, dead = 0, stale = 0,
                  expired = 0;
  };
  Effects effects;
  std::uint32_t room = 0;  ///< left at the runners

  bool touches_jobs() const { return !jobs.empty() || !commands.empty(); }
};

}  // namespace signalbox::actions
