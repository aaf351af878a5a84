// A ladder of encryptions, and a login on each rung until one succeeds.
#include "proxy/session/lane/leg.h"

#include <sys/socket.h>

#include "base/log.h"
#include "proxy/targets/connect.h"
#include "proxy/targets/server_login.h"
#include "proxy/wire/startup.h"

namespace signalbox::proxy {
namespace {

/// A target that could not be reached is not chosen for this long.
constexpr std::int64_t kDownNs = 5'000'000'000;

/// Of one step. What is over has a moment left, in which it finds out.
std::chrono::milliseconds patience(std::chrono::milliseconds usual, const Deadline& due) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due.within(usual));
  return std::max(left, std::chrono::milliseconds(1));
}

/// As the client sent it, with the target's user where it has one.
std::string packet_for(std::string_view startup, const TargetOptions& target) {
  auto packet = wire::parse_startup(startup);
  auto* parsed = packet ? std::get_if<wire::Startup>(&*packet) : nullptr;
  if (parsed == nullptr || target.user.empty()) return std::string(startup);
  const std::string database(parsed->parameter("database").empty() ? parsed->parameter("user")
                                                                   : parsed->parameter("database"));
  std::erase_if(parsed->parameters,
                [](const auto& one) { return one.first == "user" || one.first == "database"; });
  parsed->parameters.emplace_back("user", target.user);
  parsed->parameters.emplace_back("database", database);
  return wire::encode(*parsed);
}

std::unique_ptr<Leg> leg_of(std::shared_ptr<const Target> target, Connected connected, ServerLogin login) {
  auto leg = std::make_unique<Leg>();
  leg->facts.target = target->options.name;
  leg->facts.role = target->options.role;
  leg->facts.address = connected.endpoint.is_unix() ? "" : connected.endpoint.host();
  leg->facts.port = connected.endpoint.port();
  for (const auto& [name, value] : login.parameters) {
    if (name == "server_version") leg->facts.version = value;
  }
  const bool encrypted = connected.channel->tls() != nullptr;
  if (encrypted) leg->tls = tls_facts(connected.channel->tls());
  leg->process = login.process;
  leg->key = std::move(login.key);
  leg->parameters = std::move(login.parameters);
  leg->cancel.target = target;
  leg->cancel.endpoint = connected.endpoint;
  leg->cancel.encryption = encrypted ? Encryption::Tls : Encryption::Plain;
  leg->channel = std::move(connected.channel);
  leg->target = std::move(target);
  return leg;
}

}  // namespace

Task<std::unique_ptr<Leg>> open_leg(Worker& worker, const Settings& settings,
                                    std::shared_ptr<const Target> target, std::string_view startup,
                                    std::string_view user, Deadline due) {
  const TargetOptions& options = target->options;
  std::string why;
  for (const Encryption encryption : ladder(options)) {
    TimeoutOptions timeouts = settings.options.timeouts;
    timeouts.connect = patience(timeouts.connect, due);
    auto connected = co_await connect(worker.loop(), worker.shared().resolver, target, encryption, timeouts);
    if (!connected) {
      why = connected.error().message;
      continue;
    }
    Channel& channel = *connected->channel;
    Timer deadline([&channel] { channel.cancel(Io::Timeout); });
    deadline.arm(worker.loop().timers(), patience(settings.options.timeouts.connect, due));
    auto login =
        co_await proxy::log_in(channel, packet_for(startup, options),
                               options.user.empty() ? std::string(user) : options.user, options.password);
    deadline.disarm();
    if (!login) {
      why = login.error().message;
      continue;
    }
    worker.metrics().add(Counter::ServerConnects);
    co_return leg_of(std::move(target), std::move(*connected), std::move(*login));
  }
  worker.metrics().add(Counter::ServerConnectFailures);
  if (due.over()) co_return nullptr;  // it may be up, and slower than this action has time
  worker.shared().health.down(options.name, worker.loop().now_ns() + kDownNs, why);
  log::error("cannot move a session to a server", {{"target", options.name}, {"error", why}});
  co_return nullptr;
}

bool is_quiet(const Leg& leg) {
  char byte = 0;
  return ::recv(leg.channel->fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace signalbox::proxy
