// Handlers and waiting, for the tests of the whole lane.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "actions/lanes/async_lane.h"
#include "actions/lanes/job_handler.h"

namespace signalbox::actions::testing {

/// Runs the jobs of "probe" with a function.
class ProbeHandler final : public JobHandler {
 public:
  using Body = std::function<Attempt(const Job&, const std::stop_token&)>;
  explicit ProbeHandler(Body body) : body_(std::move(body)) {}
  std::string_view action() const override { return "probe"; }
  Attempt run(const Job& job, const std::stop_token& stop) override { return body_(job, stop); }

 private:
  Body body_;
};

inline LaneParts parts_with(ProbeHandler::Body body, std::function<void(JobResult)> on_result = {}) {
  LaneParts parts;
  parts.handlers.push_back(std::make_unique<ProbeHandler>(std::move(body)));
  parts.on_result = std::move(on_result);
  return parts;
}

inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline JobView probe_job(Producer& producer, const Clock& clock, std::string_view arguments = "{}",
                         std::string_view sink = "sink") {
  JobView job;
  job.id = producer.next_id();
  job.action = "probe";
  job.sink = sink;
  job.arguments = arguments;
  job.created_ns = clock.wall_ns();
  return job;
}

}  // namespace signalbox::actions::testing
