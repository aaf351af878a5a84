// police: asks the limiter (this gateway's, or the one that several share), then lets pass, waits, or
// refuses.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "proxy/lane/lane.h"
#include "proxy/lane/shared_limits.h"

namespace signalbox::proxy {
namespace {

constexpr double kSecond = 1e9;

/// What is asked for, in the terms of one of the two algorithms.
struct Wanted {
  std::string key;
  double cost = 1;
  std::optional<actions::Window> window;  ///< otherwise the bucket
  actions::Rate bucket;
  std::int64_t longest_ns = 0;
};

Wanted wanted_by(const LaneCall& call, bool delays) {
  const double rate = call.with.number("rate").value_or(1);
  const std::chrono::nanoseconds per = call.with.duration("per").value_or(std::chrono::seconds(1));
  const double per_seconds = static_cast<double>(per.count()) / kSecond;
  Wanted wanted{
      .key = shared_key(call), .cost = call.with.number("cost").value_or(1), .window = {}, .bucket = {}};
  if (call.with.text_or("algorithm", "token_bucket") == "sliding_window") {
    wanted.window = actions::Window{.limit = rate, .length_ns = std::llround(per_seconds * kSecond)};
    return wanted;
  }
  wanted.bucket = {.per_second = rate / per_seconds,
                   .burst = call.with.number("burst").value_or(std::max(rate, 1.0))};
  const std::chrono::nanoseconds longest = call.with.duration("max_delay").value_or(std::chrono::seconds(1));
  // A delay is meant, and no lateness; but a deadline of the action's own is kept.
  const bool bounded = call.with.has("deadline");
  if (delays) wanted.longest_ns = (bounded ? call.deadline.within(longest) : longest).count();
  return wanted;
}

actions::RateAnswer ask_here(const LaneServices& services, const Wanted& wanted) {
  const std::int64_t now_ns = services.clock.steady_ns();
  if (wanted.window) return services.limiter.police(wanted.key, *wanted.window, wanted.cost, now_ns);
  return services.limiter.police(wanted.key, wanted.bucket, wanted.cost, now_ns, wanted.longest_ns);
}

/// An error: what is shared is away, and nobody counts alone.
Task<Result<actions::RateAnswer>> ask(LaneServices services, Wanted wanted, Deadline deadline) {
  if (services.shared == nullptr) co_return ask_here(services, wanted);
  auto answer = wanted.window
                    ? co_await services.shared->police(wanted.key, *wanted.window, wanted.cost, deadline)
                    : co_await services.shared->police(wanted.key, wanted.bucket, wanted.cost,
                                                       wanted.longest_ns, deadline);
  if (answer) {
    services.limiter.count(wanted.key, answer->admitted);
    co_return answer;
  }
  services.metrics.add(Counter::SharedStoreFailures);
  if (services.counts_alone) co_return ask_here(services, wanted);
  co_return answer;
}

}  // namespace

Task<LaneOutcome> run_police(LaneCall call) {
  const std::string on_excess = call.with.text_or("on_excess", "refuse");
  const auto asked = co_await ask(call.host.services(), wanted_by(call, on_excess == "delay"), call.deadline);
  if (!asked && call.deadline.over()) co_return overdue(call);
  if (!asked) co_return LaneOutcome{.failed = asked.error().message};
  const actions::RateAnswer& answer = *asked;
  const double wait_seconds = static_cast<double>(answer.wait_ns) / kSecond;
  MetricsShard& metrics = call.host.services().metrics;
  if (answer.admitted && answer.wait_ns == 0) co_return LaneOutcome{};
  if (answer.admitted) {
    metrics.add(Counter::PoliceDelayed);
    co_await call.host.rest(std::chrono::nanoseconds(answer.wait_ns));
    co_return LaneOutcome{.said = fmt::format("waited {:.3f} s", wait_seconds)};
  }
  metrics.add(on_excess == "shed" ? Counter::PoliceShed : Counter::PoliceRefused);
  LaneOutcome outcome{.refusal = refusal_for(call)};
  outcome.refusal->fields.hint = fmt::format("Retry after {:.3f} s.", wait_seconds);
  if (on_excess == "shed") {
    outcome.refusal->verdict = actions::Verdict::Disconnect;
    outcome.refusal->fields.severity = "FATAL";
  }
  co_return outcome;
}

}  // namespace signalbox::proxy
