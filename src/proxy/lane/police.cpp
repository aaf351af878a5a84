// police: asks the limiter, then lets pass, waits, or refuses.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "proxy/lane/lane.h"

namespace signalbox::proxy {
namespace {

constexpr double kSecond = 1e9;

actions::RateAnswer ask(const LaneCall& call, double rate, double per_seconds, bool delays) {
  LaneServices shared = call.host.services();
  const std::string key = shared_key(call);
  const double cost = call.with.number("cost").value_or(1);
  const std::int64_t now_ns = shared.clock.steady_ns();
  if (call.with.text_or("algorithm", "token_bucket") == "sliding_window") {
    const actions::Window window{.limit = rate, .length_ns = std::llround(per_seconds * kSecond)};
    return shared.limiter.police(key, window, cost, now_ns);
  }
  const actions::Rate bucket{.per_second = rate / per_seconds,
                             .burst = call.with.number("burst").value_or(std::max(rate, 1.0))};
  const std::chrono::nanoseconds longest = call.with.duration("max_delay").value_or(std::chrono::seconds(1));
  return shared.limiter.police(key, bucket, cost, now_ns, delays ? longest.count() : 0);
}

}  // namespace

Task<LaneOutcome> run_police(LaneCall call) {
  const auto rate = call.with.number("rate");
  const std::chrono::nanoseconds per = call.with.duration("per").value_or(std::chrono::seconds(1));
  const std::string on_excess = call.with.text_or("on_excess", "refuse");
  const actions::RateAnswer answer =
      ask(call, rate.value_or(1), static_cast<double>(per.count()) / kSecond, on_excess == "delay");
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
