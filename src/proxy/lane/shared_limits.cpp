// The scripts are the algorithms of actions/limits/rate.h, in microseconds: a number that Lua and Redis keep
// exactly. They are sent as text each time: they are short, and a server that has forgotten them is no case.
#include "proxy/lane/shared_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace signalbox::proxy {
namespace {

/// ARGV: microseconds a token, of a full bucket, tokens, longest wait. Answers {admitted, wait, left}.
constexpr const char* kTokenBucket = R"(
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, tolerance, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local after = full + interval * tonumber(ARGV[3])
local wait = after - tolerance - now
local function left(at) return math.floor(math.max(0, (tolerance - (at - now)) / interval)) end
if wait > longest then return {0, math.ceil(wait), left(full)} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
return {1, math.max(0, math.ceil(wait)), left(after)}
)";

/// ARGV: most in a window, its microseconds, how many. Answers as above.
constexpr const char* kSlidingWindow = R"(
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, length, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'start', 'previous', 'current')
local start, previous, current = tonumber(kept[1] or now), tonumber(kept[2] or 0), tonumber(kept[3] or 0)
local passed = math.floor((now - start) / length)
if passed > 0 then
  previous = passed == 1 and current or 0
  current = 0
  start = start + passed * length
end
local used = current + previous * (1 - (now - start) / length)
if used + cost > limit then
  local room, at = limit - cost, start + length
  if current <= room and previous > 0 then
    at = start + (1 - (room - current) / previous) * length
  elseif current > 0 then
    at = at + math.min(1, math.max(0, 1 - room / current)) * length
  end
  return {0, math.max(1, math.ceil(at - now)), math.floor(math.max(0, limit - used))}
end
redis.call('HSET', KEYS[1], 'start', string.format('%.0f', start), 'previous', tostring(previous), 'current', tostring(current + cost))
redis.call('PEXPIRE', KEYS[1], math.ceil(2 * length / 1000) + 1)
return {1, 0, math.floor(limit - used - cost)}
)";

/// ARGV: how many places, who wants one, for how many milliseconds. Answers 1 or 0.
constexpr const char* kEnter = R"(
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
)";

/// ARGV: who holds a place, for how many milliseconds more. One that has been lost is taken again: it is in
/// use.
constexpr const char* kRenew = R"(
local clock = redis.call('TIME')
redis.call('ZADD', KEYS[1], clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
)";

std::string micros(double seconds_1e6) {
  return fmt::format("{:.3f}", std::min(seconds_1e6, 1e15));
}

}  // namespace

SharedLimits::SharedLimits(Loop& loop, RedisClient& redis, Options options)
    : loop_(loop), redis_(redis), options_(std::move(options)), renewal_([this] { renew(); }) {}

Task<Result<RespReply>> SharedLimits::run(const char* script, std::string key, Arguments arguments,
                                          Deadline deadline) {
  RedisClient::Command command = {"EVAL", script, "1", std::move(key)};
  std::ranges::move(arguments, std::back_inserter(command));
  auto reply = co_await redis_.ask(std::move(command), deadline);
  if (reply && reply->is_error()) co_return fail(ErrorCode::Unavailable, "redis: " + reply->text);
  co_return std::move(reply);
}

Task<Result<actions::RateAnswer>> SharedLimits::ask_rate(const char* script, std::string key,
                                                         Arguments arguments, Deadline deadline) {
  const auto reply =
      co_await run(script, options_.prefix + ":rate:" + std::move(key), std::move(arguments), deadline);
  if (!reply) co_return std::unexpected(reply.error());
  if (reply->items.size() != 3) co_return fail(ErrorCode::Corrupt, "redis: unexpected reply");
  co_return actions::RateAnswer{.admitted = reply->items[0].integer == 1,
                                .wait_ns = reply->items[1].integer * 1'000,
                                .remaining = static_cast<double>(reply->items[2].integer)};
}

Task<Result<actions::RateAnswer>> SharedLimits::police(std::string key, actions::Rate rate, double cost,
                                                       std::int64_t max_delay_ns, Deadline deadline) {
  const double interval = 1e6 / rate.per_second;
  co_return co_await ask_rate(kTokenBucket, std::move(key),
                              {micros(interval), micros(interval * std::max(rate.burst, 1.0)),
                               fmt::format("{}", cost), std::to_string(max_delay_ns / 1'000)},
                              deadline);
}

Task<Result<actions::RateAnswer>> SharedLimits::police(std::string key, actions::Window window, double cost,
                                                       Deadline deadline) {
  co_return co_await ask_rate(
      kSlidingWindow, std::move(key),
      {fmt::format("{}", window.limit), std::to_string(std::max<std::int64_t>(1, window.length_ns / 1'000)),
       fmt::format("{}", cost)},
      deadline);
}

Task<Result<actions::Ticket>> SharedLimits::enter(std::string key, std::uint32_t places, Deadline deadline) {
  const std::string place = fmt::format("{}:{}", options_.holder, next_++);
  const std::string where = options_.prefix + ":places:" + key;
  const auto reply = co_await run(
      kEnter, where, {std::to_string(places), place, std::to_string(options_.lease.count())}, deadline);
  // Given up, it may still be taken there: questions are answered in their order.
  if (!reply && reply.error().code == ErrorCode::Timeout) redis_.tell({"ZREM", where, place});
  if (!reply) co_return std::unexpected(reply.error());
  if (reply->integer != 1) co_return actions::Ticket{};
  held_.emplace(place, where);
  if (!renewal_.armed()) renewal_.arm(loop_.timers(), options_.lease / 3);
  co_return actions::Ticket(*this, place);
}

void SharedLimits::leave(std::string_view place) {
  const auto held = held_.find(std::string(place));
  if (held == held_.end()) return;
  redis_.tell({"ZREM", held->second, held->first});
  held_.erase(held);
}

void SharedLimits::renew() {
  const std::string lease = std::to_string(options_.lease.count());
  for (const auto& [place, where] : held_) redis_.tell({"EVAL", kRenew, "1", where, place, lease});
  if (!held_.empty()) renewal_.arm(loop_.timers(), options_.lease / 3);
}

}  // namespace signalbox::proxy
