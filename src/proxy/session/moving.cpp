// A session goes on at another server. The gateway logs in there by itself, with the startup packet that the
// client sent; the connection it leaves is kept when the session is to come back, and closed otherwise. When
// moving is safe stands in docs/routing.md.
//
// The surprise: a coroutine is always reading from the server that the session has. It is called off its
// read, and goes on with the next server's bytes.
#include <sys/socket.h>

#include <algorithm>
#include <random>

#include "base/log.h"
#include "proxy/lane/state.h"
#include "proxy/session/session.h"
#include "proxy/targets/connect.h"
#include "proxy/targets/server_login.h"
#include "proxy/wire/requests.h"
#include "proxy/wire/startup.h"

namespace signalbox::proxy {
namespace {

constexpr std::int64_t kDownNs = 5'000'000'000;
constexpr int kQuickTurns = 16;

/// Nothing has come on an idle connection: neither its end nor last words.
bool is_quiet(const Channel& channel) {
  char byte = 0;
  return ::recv(channel.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

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

}  // namespace

// ---- wishes

bool Session::is_target(const RouteWish& wish) const {
  RouteWish whoever = wish;
  whoever.max_lag_ns.reset();
  whoever.read_your_writes = false;
  return choose_target(settings_->targets, whoever, HealthBoard(), Moment{}) != nullptr;
}

void Session::wish(RouteWish wish) {
  lane().wishes.push_back(std::move(wish));
}

const std::vector<std::string>& Session::forward_networks() const {
  return settings_->options.routing.forward_networks;
}

Moment Session::moment() const {
  thread_local std::minstd_rand random{std::random_device{}()};
  return {.now_ns = worker_.loop().now_ns(),
          .written_ns = wrote_ ? worker_.loop().now_ns() : written_ns_,
          .random = random()};
}

/// Every statement of the message has been asked about. A refusal, where the wish insists.
Task<std::optional<Refusal>> Session::settle_wishes(std::size_t statements, bool leaves_state) {
  const std::vector<RouteWish> wishes = std::exchange(lane_->wishes, {});
  const RouteWish wish = wishes.front();
  const bool agreed = wishes.size() == statements && std::ranges::all_of(wishes, [&](const RouteWish& one) {
                        return one.given
                                   ? one.given->options.name == (wish.given ? wish.given->options.name : "")
                                   : one == wish;
                      });
  if (agreed) co_return co_await follow(wish, leaves_state);
  worker_.metrics().add(Counter::MoveUnsafe);
  if (!wish.refuses_unsafe) co_return std::nullopt;
  co_return make_refusal("0A000", "the statements of this query belong to different servers");
}

Task<std::optional<Refusal>> Session::follow(const RouteWish& wish, bool leaves_state) {
  const std::string& here = server_facts_.target;
  if (!wish.fresh) {
    std::vector<std::shared_ptr<const Target>> present;
    std::ranges::copy_if(settings_->targets, std::back_inserter(present),
                         [&](const auto& target) { return target->options.name == here; });
    if (wish.given ? wish.given->options.name == here
                   : choose_target(present, wish, worker_.shared().health, moment()) != nullptr)
      co_return std::nullopt;
  }
  if (const auto why = cannot_move(wish.by != RouteWish::By::Session, leaves_state); !why.empty()) {
    worker_.metrics().add(Counter::MoveUnsafe);
    if (!wish.refuses_unsafe) co_return std::nullopt;
    co_return make_refusal("0A000", "the session cannot be moved: " + std::string(why));
  }
  std::vector<std::string> tried;
  RouteWish asked = wish;
  if (wish.fresh && wish.target.empty()) asked.target = here;
  for (;;) {
    const auto target =
        wish.given ? (tried.empty() ? wish.given : nullptr)
                   : choose_target(settings_->targets, asked, worker_.shared().health, moment(), tried);
    if (!target) break;
    if (co_await move_to(target, wish)) co_return std::nullopt;
    if (server_gone_ || phase_ != Phase::Active) co_return make_refusal("08006", "the session is ending");
    tried.push_back(target->options.name);
  }
  worker_.metrics().add(Counter::MoveFailed);
  if (!wish.refuses_unavailable) co_return std::nullopt;
  co_return make_refusal("08006", "no server is available for this statement");
}

/// Why the session must stay; "" = it may go. `visits`: it is to come back.
std::string_view Session::cannot_move(bool visits, bool leaves_state) const {
  if (!book_.at_rest() || !from_server_->bytes().empty()) return "a request is under way";
  if (book_.transaction() != Transaction::Idle) return "a transaction is open";
  if (holds_state_) return "it may have left something at its server";
  if (visits && leaves_state) return "the statement may leave something at its server";
  if (!is_one_statement()) return "a prepared statement belongs to its server";
  return {};
}

/// The message at the front is a Query, or an unnamed Parse; of a pipeline all is here, and it prepares
/// nothing else.
bool Session::is_one_statement() const {
  std::string_view bytes = from_client_.bytes();
  if (bytes.front() == 'Q') return true;
  if (bytes.front() != 'P' || bytes.size() <= wire::kHeaderBytes || bytes[wire::kHeaderBytes] != '\0')
    return false;
  for (bool first = true;; first = false) {
    wire::FrameHeader header;
    if (wire::read_header(wire::Sender::Client, bytes, header) != wire::HeaderStatus::Complete) return false;
    if (header.type == 'S') return true;
    if (!first && (header.type == 'P' || header.type == 'Q' || header.type == 'F')) return false;
    if (header.type == 'B') {
      const auto names = wire::decode_bind_names(bytes.substr(wire::kHeaderBytes));
      if (!names || !names->statement.empty()) return false;
    }
    if (bytes.size() < header.size()) return false;
    bytes.remove_prefix(header.size());
  }
}

/// A statement is about to go to the server that the session has.
void Session::note_statement(char type, std::string_view body) {
  if (type == 'E' || type == 'C') return;
  if (type == 'B') {
    const auto names = wire::decode_bind_names(body);
    wrote_ = wrote_ || !names || !names->statement.empty();
    return;
  }
  const bool named = type == 'P' && !body.empty() && body.front() != '\0';
  holds_state_ = holds_state_ || named || !ruled_ || ruled_->leaves_state;
  wrote_ = wrote_ || !ruled_ || !ruled_->reads_only;
}

// ---- legs

Task<bool> Session::move_to(std::shared_ptr<const Target> target, const RouteWish& wish) {
  std::unique_ptr<Leg> leg = wish.fresh ? nullptr : parked_leg(target->options.name);
  if (!leg) leg = co_await open_leg(target);
  if (!leg || !co_await park_replies()) co_return false;
  auto parameters = std::move(leg->parameters);
  std::unique_ptr<Leg> left = exchange_leg(std::move(leg));
  if (wish.by != RouteWish::By::Session) {
    (lane_->home ? lane_->parked.emplace_back() : lane_->home) = std::move(left);
  } else {
    std::string goodbye;
    wire::append_terminate(goodbye);
    left->channel->try_write(goodbye);
    lane_->home.reset();
    co_await tell_parameters(std::move(parameters));
  }
  worker_.metrics().add(Counter::Moved);
  resume_replies();
  co_return true;
}

Task<std::unique_ptr<Leg>> Session::open_leg(std::shared_ptr<const Target> target) {
  const TargetOptions& options = target->options;
  std::string why;
  for (const Encryption encryption : ladder(options)) {
    auto connected = co_await connect(worker_.loop(), worker_.shared().resolver, target, encryption,
                                      settings_->options.timeouts);
    if (!connected) {
      why = connected.error().message;
      continue;
    }
    Channel& channel = *connected->channel;
    Timer deadline([&channel] { channel.cancel(Io::Timeout); });
    deadline.arm(worker_.loop().timers(), settings_->options.timeouts.connect);
    auto login = co_await proxy::log_in(channel, packet_for(startup_, options),
                                        options.user.empty() ? facts_.user : options.user, options.password);
    deadline.disarm();
    if (!login) {
      why = login.error().message;
      continue;
    }
    auto leg = std::make_unique<Leg>();
    leg->target = target;
    leg->facts.target = options.name;
    leg->facts.role = options.role;
    leg->facts.address = connected->endpoint.is_unix() ? "" : connected->endpoint.host();
    leg->facts.port = connected->endpoint.port();
    if (channel.tls() != nullptr) leg->tls = tls_facts(channel.tls());
    for (const auto& [name, value] : login->parameters) {
      if (name == "server_version") leg->facts.version = value;
    }
    leg->process = login->process;
    leg->key = login->key;
    leg->parameters = std::move(login->parameters);
    leg->cancel.target = target;
    leg->cancel.endpoint = connected->endpoint;
    leg->cancel.encryption = channel.tls() != nullptr ? Encryption::Tls : Encryption::Plain;
    leg->channel = std::move(connected->channel);
    worker_.metrics().add(Counter::ServerConnects);
    co_return leg;
  }
  worker_.metrics().add(Counter::ServerConnectFailures);
  worker_.shared().health.down(options.name, worker_.loop().now_ns() + kDownNs, why);
  log::error("cannot move a session to a server", {{"target", options.name}, {"error", why}});
  co_return nullptr;
}

/// True when nobody reads from the server any more. False = the session is ending.
Task<bool> Session::park_replies() {
  switching_ = true;
  server_->cancel(Io::Cancelled);
  for (int turn = 0; !parked_replies_ && !server_gone_; ++turn) {
    if (turn < kQuickTurns) {
      co_await yield_to(worker_.loop());
    } else {
      co_await SleepStep{worker_.loop(), std::chrono::milliseconds(10)};  // the client is slow to read
    }
  }
  if (server_gone_ || phase_ != Phase::Active) {
    switching_ = false;
    if (parked_replies_) worker_.loop().defer(std::exchange(parked_replies_, {}));
    co_return false;
  }
  server_->reopen();
  co_return true;
}

void Session::resume_replies() {
  switching_ = false;
  worker_.loop().defer(std::exchange(parked_replies_, {}));
}

/// Puts another connection in the place of the session's, which is returned.
std::unique_ptr<Leg> Session::exchange_leg(std::unique_ptr<Leg> next) {
  auto left = std::make_unique<Leg>();
  left->target = cancel_target_.target;
  left->facts = server_facts_;
  left->tls = server_tls_;
  left->process = server_process_;
  left->key = server_key_;
  left->cancel = cancel_target_;
  from_server_.reset();
  left->channel = std::exchange(server_, std::move(next->channel));
  from_server_.emplace(*server_);
  server_facts_ = std::move(next->facts);
  server_tls_ = std::move(next->tls);
  server_facts_.tls = server_->tls() != nullptr ? &server_tls_ : nullptr;
  server_process_ = next->process;
  server_key_ = std::move(next->key);
  cancel_target_ = std::move(next->cancel);
  CancelTarget known = cancel_target_;
  known.process = server_process_;
  known.key = server_key_;
  cancel_entry_ = worker_.shared().cancels.add(client_process_, client_key_, std::move(known));
  ++facts_.generation;
  return left;
}

/// One that is still alive; others of this target are dropped.
std::unique_ptr<Leg> Session::parked_leg(const std::string& target) {
  std::unique_ptr<Leg> found;
  std::erase_if(lane_->parked, [&](std::unique_ptr<Leg>& leg) {
    if (leg->facts.target != target) return false;
    if (!found && is_quiet(*leg->channel)) found = std::move(leg);
    return true;
  });
  return found;
}

/// The new server's settings, where the client has been told others.
Task<> Session::tell_parameters(std::vector<std::pair<std::string, std::string>> parameters) {
  std::string news;
  for (const auto& [name, value] : parameters) {
    const auto known =
        std::ranges::find(facts_.parameters, name, &std::pair<std::string, std::string>::first);
    if (known != facts_.parameters.end() && known->second == value) continue;
    wire::FrameBuilder(news, 'S').text(name).text(value);
    on_parameter(name, value);
  }
  if (!news.empty()) co_await answer_client(std::move(news));
}

/// The visit is over, and nothing has been left that would be missed.
bool Session::must_return() const {
  return lane_ && lane_->home && book_.at_rest() && book_.transaction() == Transaction::Idle &&
         !holds_state_ && from_server_->bytes().empty();
}

Task<bool> Session::go_home() {
  from_client_.keep();
  if (!co_await park_replies()) co_return false;
  lane_->parked.push_back(exchange_leg(std::move(lane_->home)));
  resume_replies();
  co_return true;
}

}  // namespace signalbox::proxy
