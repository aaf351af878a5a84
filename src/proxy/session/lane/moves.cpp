// A session goes on at another server. The connection it leaves is kept when the session is to come back, and
// closed otherwise.
//
// The surprise: a coroutine is always reading from the server that the session has. It is called off its
// read, and goes on with the next server's bytes.
//
// A pipeline that begins a visit is held until its Sync is here: nothing of it has been sent anywhere, and
// before Sync or Flush the client has no answer to wait for.
#include "proxy/session/lane/moves.h"

#include <algorithm>

#include "proxy/session/lane/leg.h"
#include "proxy/wire/frame.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr int kQuickTurns = 16;
constexpr int kMostMoves = 2;
/// A deadline's time while the clock stands still for it.
constexpr std::chrono::hours kPatience{24};

std::string_view cannot_visit_with(Pipeline::Extent pipeline) {
  switch (pipeline) {
    case Pipeline::Extent::Whole: return {};
    case Pipeline::Extent::Many: return "its pipeline holds another statement";
    case Pipeline::Extent::Open: return "its pipeline may go on with another statement";
    case Pipeline::Extent::Partial: break;
  }
  return "its pipeline is too long to be held";
}

LaneOutcome ending() {
  return {.refusal = make_refusal("08006", "the session is ending")};
}

}  // namespace

// ---- wishes

bool Moves::is_target(const RouteWish& wish) const {
  RouteWish whoever = wish;
  whoever.max_lag_ns.reset();
  whoever.read_your_writes = false;
  return choose_target(dialogue_.settings->targets, whoever, HealthBoard(), Moment{}) != nullptr;
}

/// Every statement of the message has been asked about.
Task<LaneOutcome> Moves::settle_wishes(Message message) {
  const std::vector<RouteWish> wishes = std::exchange(lane_->wishes, {});
  const RouteWish wish = wishes.front();
  const bool agreed =
      wishes.size() == message.statements && std::ranges::all_of(wishes, [&](const RouteWish& one) {
        return one.given ? one.given->options.name == (wish.given ? wish.given->options.name : "")
                         : one == wish;
      });
  if (agreed) co_return co_await follow(wish, message, lane_->wishes_due);
  ends_.metrics().add(Counter::MoveUnsafe);
  co_return stays(wish.refuses_unsafe, "the statements of this query belong to different servers");
}

/// Where it is.
LaneOutcome Moves::stays(bool refuses, std::string_view why) {
  LaneOutcome outcome{.said = "stays: " + std::string(why)};
  if (refuses) outcome.refusal = make_refusal("0A000", std::string(why));
  return outcome;
}

Task<LaneOutcome> Moves::follow(const RouteWish& wish, Message message, Deadline due) {
  if (!wish.fresh && is_here(wish)) co_return LaneOutcome{.said = "is there: " + dialogue_.server.target};
  const bool visits = wish.by != RouteWish::By::Session;
  std::string_view why = cannot_leave(visits, message);
  bool open = false;
  if (visits && why.empty()) {
    const auto time = due.within(kPatience);  // which the client's is not
    const auto pipeline = co_await hold_pipeline();
    if (!pipeline) co_return ending();
    due = Deadline(*ends_.worker.shared().services.clock, time);
    open = *pipeline == Pipeline::Extent::Open;
    if (!open || !message.copies) why = cannot_visit_with(*pipeline);
  }
  if (!why.empty()) {
    ends_.metrics().add(Counter::MoveUnsafe);
    co_return stays(wish.refuses_unsafe, "the session cannot be moved: " + std::string(why));
  }
  std::vector<std::string> tried;
  RouteWish asked = wish;
  if (wish.fresh && wish.target.empty()) asked.target = dialogue_.server.target;
  while (!due.over()) {
    const auto target = wish.given ? (tried.empty() ? wish.given : nullptr)
                                   : choose_target(dialogue_.settings->targets, asked,
                                                   ends_.worker.shared().health, moment(), tried);
    if (!target) break;
    if (co_await move_to(target, wish, due)) {
      lane_->open_visit = open;
      co_return LaneOutcome{.said = "moved: " + target->options.name};
    }
    if (ends_.server_gone || ends_.phase != Phase::Active) co_return ending();
    tried.push_back(target->options.name);
  }
  ends_.metrics().add(Counter::MoveFailed);
  if (due.over()) ends_.metrics().add(Counter::SyncActionsLate);
  LaneOutcome outcome{.failed = due.over() ? "not done by its deadline" : "no server is available"};
  if (wish.refuses_unavailable)
    outcome.refusal = make_refusal("08006", "no server is available for this statement");
  co_return outcome;
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

/// Why the session must stay; "" = it may go, as far as what it has done is concerned. `visits`: it is to
/// come back.
std::string_view Moves::cannot_leave(bool visits, Message message) const {
  if (!dialogue_.book.at_rest() || !ends_.from_server->bytes().empty()) return "a request is under way";
  if (dialogue_.book.transaction() != Transaction::Idle) return "a transaction is open";
  if (dialogue_.is_held()) return "it may have left something at its server";
  if (visits && message.leaves_state) return "the statement may leave something at its server";
  // At another server policies may wish for yet another: each of the two hooks has its say, and no more.
  if (message.moves >= kMostMoves) return "the statement has been moved already";
  if (!begins_anew(ends_.from_client.bytes())) return "a prepared statement belongs to its server";
  return {};
}

/// Until so much of it is here that it is known what it is. Nothing = the client sends no more.
Task<std::optional<Pipeline::Extent>> Moves::hold_pipeline() {
  Pipeline pipeline;
  for (;;) {
    const Pipeline::Extent extent = pipeline.look(ends_.from_client.bytes());
    const std::size_t held = ends_.from_client.bytes().size();
    if (extent != Pipeline::Extent::Partial || held > dialogue_.settings->options.memory.statement_bytes)
      co_return extent;
    const Io got = co_await ends_.from_client.more();
    if (got == Io::Ok) continue;
    ends_.client_broke = got != Io::Eof;
    ends_.client_done = true;
    co_return std::nullopt;
  }
}

bool Moves::goes_astray(char type) {
  const bool begins = dialogue_.book.at_rest();  // the COPY itself
  return lane_->open_visit && !begins && (type == 'P' || type == 'Q' || type == 'F');
}

// ---- legs

Task<bool> Moves::move_to(std::shared_ptr<const Target> target, const RouteWish& wish, Deadline due) {
  std::unique_ptr<Leg> leg = wish.fresh ? nullptr : parked_leg(target->options.name);
  if (!leg) leg = co_await open(target, due);
  if (!leg || !co_await park_replies(due)) co_return false;
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
  ++made_;
  ends_.metrics().add(Counter::Moved);
  resume_replies();
  co_return true;
}

Task<std::unique_ptr<Leg>> Moves::open(std::shared_ptr<const Target> target, Deadline due) {
  return open_leg(ends_.worker, *dialogue_.settings, std::move(target), ends_.startup, dialogue_.session.user,
                  due);
}

/// True when nobody reads from the server any more. False = the session is ending, or time is over: a client
/// that does not read its answers holds up who reads them for it.
Task<bool> Moves::park_replies(Deadline due) {
  ends_.switching = true;
  ends_.server->cancel(Io::Cancelled);
  for (int turn = 0; !ends_.switched.has_sleeper() && !ends_.server_gone && !due.over(); ++turn) {
    if (turn < kQuickTurns) {
      co_await yield_to(ends_.loop());
    } else {
      co_await SleepStep{ends_.loop(), std::chrono::milliseconds(10)};  // the client is slow to read
    }
  }
  const bool ends = ends_.server_gone || ends_.phase != Phase::Active;
  if (!ends) ends_.server->reopen();
  if (!ends && ends_.switched.has_sleeper()) co_return true;
  ends_.switching = false;
  ends_.switched.wake();
  co_return false;
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
