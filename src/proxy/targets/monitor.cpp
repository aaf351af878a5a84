// The idea: a replica that has replayed position P has everything that the primary had written when it was
// asked and said at most P. So one number says how fresh a replica is, for a bound on its lag and for
// read-your-writes alike; no clock is compared with another machine's, and an idle primary's replica is
// fresh.
#include "proxy/targets/monitor.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "proxy/targets/connect.h"
#include "proxy/targets/server_login.h"
#include "proxy/wire/startup.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMostMarks = 1'000;
constexpr const char* kQuestion =
    "select pg_is_in_recovery(), (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else "
    "pg_current_wal_lsn() end - '0/0'::pg_lsn)::bigint";

bool is_primary(const Target& target) {
  return target.options.role != "replica";
}

}  // namespace

void Monitor::start(std::vector<std::shared_ptr<const Target>> targets, RoutingOptions options,
                    TimeoutOptions timeouts) {
  options_ = std::move(options);
  timeouts_ = timeouts;
  for (auto& target : targets) watched_.push_back({.target = std::move(target), .channel = nullptr});
  std::ranges::stable_partition(watched_, [](const Watched& one) { return is_primary(*one.target); });
  life_.run(run());
}

Task<> Monitor::run() {
  for (;;) {
    for (Watched& watched : watched_) {
      const std::string& name = watched.target->options.name;
      const bool was_up = board_.of(name).trouble.empty();
      if (auto checked = co_await check(watched); checked) {
        board_.up(name);
        if (!was_up) log::info("a target is up", {{"target", name}});
      } else {
        watched.channel.reset();
        board_.down(name, loop_.now_ns() + 3 * std::chrono::nanoseconds(options_.check_interval).count(),
                    checked.error().message);
        if (was_up) log::warn("a target is down", {{"target", name}, {"error", checked.error().message}});
      }
    }
    co_await SleepStep{loop_, options_.check_interval};
  }
}

Task<Result<void>> Monitor::check(Watched& watched) {
  if (!watched.channel) {
    auto opened = co_await open(watched);
    if (!opened) co_return opened;
  }
  Channel& channel = *watched.channel;
  Timer deadline([&channel] { channel.cancel(Io::Timeout); });
  deadline.arm(loop_.timers(), timeouts_.connect);
  const std::int64_t asked_ns = loop_.now_ns();
  const auto rows = co_await ask_server(channel, kQuestion);
  if (!rows) co_return std::unexpected(rows.error());
  if (rows->size() != 1 || rows->front().size() != 2) co_return fail(ErrorCode::Corrupt, "unexpected answer");
  const std::string& text = rows->front()[1];
  std::int64_t position = -1;
  std::from_chars(text.data(), text.data() + text.size(), position);
  if (position >= 0) note(watched, rows->front()[0] == "t", position, asked_ns);
  co_return Result<void>{};
}

Task<Result<void>> Monitor::open(Watched& watched) {
  const TargetOptions& target = watched.target->options;
  const std::string user = target.user.empty() ? options_.check_user : target.user;
  const wire::Startup startup{.parameters = {{"user", user},
                                             {"database", options_.check_database},
                                             {"application_name", "signalbox check"}}};
  Result<void> opened = fail(ErrorCode::Unavailable, "no way to connect");
  for (const Encryption encryption : ladder(target)) {
    auto connected = co_await connect(loop_, resolver_, watched.target, encryption, timeouts_);
    if (!connected) {
      opened = std::unexpected(connected.error());
      continue;
    }
    Channel& channel = *connected->channel;
    Timer deadline([&channel] { channel.cancel(Io::Timeout); });
    deadline.arm(loop_.timers(), timeouts_.connect);
    auto login = co_await log_in(channel, wire::encode(startup), user, target.password);
    if (login) {
      watched.channel = std::move(connected->channel);
      co_return Result<void>{};
    }
    opened = std::unexpected(login.error());
  }
  co_return opened;
}

void Monitor::note(const Watched& watched, bool in_recovery, std::int64_t position, std::int64_t asked_ns) {
  if (!in_recovery) {
    if (!is_primary(*watched.target)) return;
    if (marks_.size() == kMostMarks) marks_.erase(marks_.begin());
    marks_.push_back({asked_ns, position});
    return;
  }
  for (auto mark = marks_.rbegin(); mark != marks_.rend(); ++mark) {
    if (mark->position > position) continue;
    board_.fresh(watched.target->options.name, mark->at_ns);
    return;
  }
}

}  // namespace signalbox::proxy
