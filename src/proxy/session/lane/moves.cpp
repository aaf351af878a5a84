// A session goes on at another server. The connection it leaves is kept when the session is to come back, and
// closed otherwise.
//
// The surprise: a coroutine is always reading from the server that the session has. It is called off its
// read, and goes on with the next server's bytes.
#include "proxy/session/lane/moves.h"

#include <algorithm>

#include "proxy/session/lane/leg.h"
#include "proxy/wire/frame.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr int kQuickTurns = 16;

}  // namespace

// ---- wishes

bool Moves::is_target(const RouteWish& wish) const {
  RouteWish whoever = wish;
  whoever.max_lag_ns.reset();
  whoever.read_your_writes = false;
  return choose_target(dialogue_.settings->targets, whoever, HealthBoard(), Moment{}) != nullptr;
}

/// Every statement of the message has been asked about. A refusal, where the wish insists.
Task<std::optional<Refusal>> Moves::settle_wishes(std::size_t statements, bool leaves_state) {
  const std::vector<RouteWish> wishes = std::exchange(lane_->wishes, {});
  const RouteWish wish = wishes.front();
  const bool agreed = wishes.size() == statements && std::ranges::all_of(wishes, [&](const RouteWish& one) {
                        return one.given
                                   ? one.given->options.name == (wish.given ? wish.given->options.name : "")
                                   : one == wish;
                      });
  if (agreed) co_return co_await follow(wish, leaves_state);
  ends_.metrics().add(Counter::MoveUnsafe);
  if (!wish.refuses_unsafe) co_return std::nullopt;
  co_return make_refusal("0A000", "the statements of this query belong to different servers");
}

Task<std::optional<Refusal>> Moves::follow(const RouteWish& wish, bool leaves_state) {
  if (!wish.fresh && is_here(wish)) co_return std::nullopt;
  if (const auto why = cannot_move(wish.by != RouteWish::By::Session, leaves_state); !why.empty()) {
    ends_.metrics().add(Counter::MoveUnsafe);
    if (!wish.refuses_unsafe) co_return std::nullopt;
    co_return make_refusal("0A000", "the session cannot be moved: " + std::string(why));
  }
  std::vector<std::string> tried;
  RouteWish asked = wish;
  if (wish.fresh && wish.target.empty()) asked.target = dialogue_.server.target;
  for (;;) {
    const auto target = wish.given ? (tried.empty() ? wish.given : nullptr)
                                   : choose_target(dialogue_.settings->targets, asked,
                                                   ends_.worker.shared().health, moment(), tried);
    if (!target) break;
    if (co_await move_to(target, wish)) co_return std::nullopt;
    if (ends_.server_gone || ends_.phase != Phase::Active)
      co_return make_refusal("08006", "the session is ending");
    tried.push_back(target->options.name);
  }
  ends_.metrics().add(Counter::MoveFailed);
  if (!wish.refuses_unavailable) co_return std::nullopt;
  co_return make_refusal("08006", "no server is available for this statement");
}

/// The session's server is what is wished for.
bool Moves::is_here(const RouteWish& wish) const {
  const std::string& here = dialogue_.server.target;
  if (wish.given) return wish.given->options.name == here;
  std::vector<std::shared_ptr<const Target>> present;
  std::ranges::copy_if(dialogue_.settings->targets, std::back_inserter(present),
                       [&](const auto& target) { return target->options.name == here; });
  return choose_target(present, wish, ends_.worker.shared().health, moment()) != nullptr;
}

/// Why the session must stay; "" = it may go. `visits`: it is to come back.
std::string_view Moves::cannot_move(bool visits, bool leaves_state) const {
  if (!dialogue_.book.at_rest() || !ends_.from_server->bytes().empty()) return "a request is under way";
  if (dialogue_.book.transaction() != Transaction::Idle) return "a transaction is open";
  if (dialogue_.is_held()) return "it may have left something at its server";
  if (visits && leaves_state) return "the statement may leave something at its server";
  if (!is_one_statement()) return "a prepared statement belongs to its server";
  return {};
}

/// The message at the front is a Query, or an unnamed Parse; of a pipeline all is here, and it prepares
/// nothing else.
bool Moves::is_one_statement() const {
  std::string_view bytes = ends_.from_client.bytes();
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

// ---- legs

Task<bool> Moves::move_to(std::shared_ptr<const Target> target, const RouteWish& wish) {
  std::unique_ptr<Leg> leg = wish.fresh ? nullptr : parked_leg(target->options.name);
  if (!leg) leg = co_await open(target);
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
  ends_.metrics().add(Counter::Moved);
  resume_replies();
  co_return true;
}

Task<std::unique_ptr<Leg>> Moves::open(std::shared_ptr<const Target> target) {
  return open_leg(ends_.worker, *dialogue_.settings, std::move(target), ends_.startup,
                  dialogue_.session.user);
}

/// True when nobody reads from the server any more. False = the session is ending.
Task<bool> Moves::park_replies() {
  ends_.switching = true;
  ends_.server->cancel(Io::Cancelled);
  for (int turn = 0; !ends_.switched.has_sleeper() && !ends_.server_gone; ++turn) {
    if (turn < kQuickTurns) {
      co_await yield_to(ends_.loop());
    } else {
      co_await SleepStep{ends_.loop(), std::chrono::milliseconds(10)};  // the client is slow to read
    }
  }
  if (ends_.server_gone || ends_.phase != Phase::Active) {
    ends_.switching = false;
    ends_.switched.wake();
    co_return false;
  }
  ends_.server->reopen();
  co_return true;
}

void Moves::resume_replies() {
  ends_.switching = false;
  ends_.switched.wake();
}

/// Puts another connection in the place of the session's, which is returned.
std::unique_ptr<Leg> Moves::exchange_leg(std::unique_ptr<Leg> next) {
  auto left = std::make_unique<Leg>();
  left->target = ends_.cancel_target.target;
  left->facts = dialogue_.server;
  left->tls = dialogue_.server_tls;
  left->process = ends_.server_process;
  left->key = ends_.server_key;
  left->cancel = ends_.cancel_target;
  ends_.from_server.reset();
  left->channel = std::exchange(ends_.server, std::move(next->channel));
  ends_.from_server.emplace(*ends_.server);
  dialogue_.server = std::move(next->facts);
  dialogue_.server_tls = std::move(next->tls);
  dialogue_.server.tls = ends_.server->tls() != nullptr ? &dialogue_.server_tls : nullptr;
  ends_.server_process = next->process;
  ends_.server_key = std::move(next->key);
  ends_.cancel_target = std::move(next->cancel);
  CancelTarget known = ends_.cancel_target;
  known.process = ends_.server_process;
  known.key = ends_.server_key;
  ends_.cancel_entry =
      ends_.worker.shared().cancels.add(ends_.client_process, ends_.client_key, std::move(known));
  ++dialogue_.session.generation;
  return left;
}

/// One that is still alive; others of this target are dropped.
std::unique_ptr<Leg> Moves::parked_leg(const std::string& target) {
  std::unique_ptr<Leg> found;
  std::erase_if(lane_->parked, [&](std::unique_ptr<Leg>& leg) {
    if (leg->facts.target != target) return false;
    if (!found && is_quiet(*leg)) found = std::move(leg);
    return true;
  });
  return found;
}

/// The new server's settings, where the client has been told others.
Task<> Moves::tell_parameters(std::vector<std::pair<std::string, std::string>> parameters) {
  std::string news;
  for (const auto& [name, value] : parameters) {
    const auto known =
        std::ranges::find(dialogue_.session.parameters, name, &std::pair<std::string, std::string>::first);
    if (known != dialogue_.session.parameters.end() && known->second == value) continue;
    wire::FrameBuilder(news, 'S').text(name).text(value);
    dialogue_.on_parameter(name, value);
  }
  co_await ends_.write_to_client(std::move(news));
}

Task<bool> Moves::go_home() {
  ends_.from_client.keep();
  if (!co_await park_replies()) co_return false;
  lane_->parked.push_back(exchange_leg(std::move(lane_->home)));
  resume_replies();
  co_return true;
}

}  // namespace signalbox::proxy
