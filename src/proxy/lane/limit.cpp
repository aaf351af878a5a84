// limit: places among so many, and bounds on the answer that the session watches.
#include <fmt/format.h>

#include "proxy/lane/lane.h"
#include "proxy/lane/shared_limits.h"

namespace signalbox::proxy {
namespace {

/// A place of this gateway's, or of all gateways together. An error: what is shared is away, and nobody
/// counts alone.
Task<Result<actions::Ticket>> ask(LaneServices services, std::string key, std::uint32_t places,
                                  Deadline deadline) {
  if (services.shared == nullptr) co_return services.limiter.enter(key, places);
  auto ticket = co_await services.shared->enter(key, places, deadline);
  if (ticket) {
    services.limiter.count(key, static_cast<bool>(*ticket));
    co_return std::move(ticket);
  }
  services.metrics.add(Counter::SharedStoreFailures);
  if (services.counts_alone) co_return services.limiter.enter(key, places);
  co_return std::move(ticket);
}

/// A place, unless the session has one. False: none is free.
Task<Result<bool>> take_place(const LaneCall& call, std::int64_t places) {
  std::string key = shared_key(call);
  if (call.host.holds(key)) co_return true;
  auto ticket = co_await ask(call.host.services(), key, static_cast<std::uint32_t>(places), call.deadline);
  if (!ticket) co_return std::unexpected(ticket.error());
  if (!*ticket) co_return false;
  call.host.hold(std::move(key), std::move(*ticket), is_opening(call.event));
  co_return true;
}

AnswerCap cap_of(const LaneCall& call) {
  AnswerCap cap;
  std::string what;
  if (const auto rows = call.with.integer("rows")) {
    cap.rows = static_cast<std::uint64_t>(*rows);
    what = fmt::format("{} rows", *rows);
  }
  if (const auto bytes = call.with.integer("bytes")) {
    cap.bytes = static_cast<std::uint64_t>(*bytes);
    what += fmt::format("{}{} bytes", what.empty() ? "" : " or ", *bytes);
  }
  if (const auto columns = call.with.integer("columns")) {
    cap.columns = static_cast<std::uint64_t>(*columns);
    what += fmt::format("{}{} columns", what.empty() ? "" : " or ", *columns);
  }
  cap.error = refusal_for(call, "the answer is larger than " + what).fields;
  return cap;
}

}  // namespace

/// `statement_timeout`, in PostgreSQL's words.
Task<LaneOutcome> run_request(LaneCall call) {
  wire::ErrorFields error;
  error.sqlstate = "57014";
  error.message = "canceling statement due to statement timeout";
  if (const auto time = call.with.duration("timeout")) call.host.cancel_after(*time, std::move(error));
  co_return LaneOutcome{};
}

Task<LaneOutcome> run_limit(LaneCall call) {
  const auto places = call.with.integer("concurrency");
  const Result<bool> taken = places ? co_await take_place(call, *places) : Result<bool>(true);
  if (!taken && call.deadline.over()) co_return overdue(call);
  if (!taken) co_return LaneOutcome{.failed = taken.error().message};
  if (!*taken) {
    call.host.services().metrics.add(Counter::LimitRefused);
    LaneOutcome outcome{.refusal =
                            refusal_for(call, fmt::format("too many at a time, {} are allowed", *places))};
    outcome.refusal->fields.hint = "Retry when another has ended.";
    co_return outcome;
  }
  if (is_opening(call.event)) co_return LaneOutcome{};
  if (call.with.has("rows") || call.with.has("bytes") || call.with.has("columns"))
    co_await call.host.cap_answer(cap_of(call));
  if (const auto duration = call.with.duration("duration")) {
    wire::ErrorFields error;
    error.sqlstate = "57014";
    error.message = call.with.text_or("message", "canceling statement due to statement timeout");
    call.host.cancel_after(*duration, std::move(error));
  }
  co_return LaneOutcome{};
}

}  // namespace signalbox::proxy
