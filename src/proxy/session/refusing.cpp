// A refusal is carried out. A refused message never reaches the server; a message that fails there, without
// any side effect, goes in its place, and the server's ErrorResponse is replaced by the refusal. So the
// transaction's state, the skipping of a pipeline and the order of answers are the server's own. Only a
// simple Query outside everything is answered by the gateway alone.
//
// What stands in: a call of a function that does not exist. It parses, so that in a transaction that has
// failed the server says 25P02, as it would to the refused message; and it is found out before anything runs.
// Of a Query with several statements none has run then, as when PostgreSQL finds a syntax error in one of
// them.
#include "proxy/session/refusal.h"
#include "proxy/session/session.h"
#include "proxy/wire/replies.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr std::string_view kStandIn = "refused by the gateway";

}  // namespace

/// Verdicts that tell the client nothing: its connection is reset, with the server's or without.
bool Session::breaks(const Refusal& refusal) {
  if (refusal.verdict > actions::Verdict::Reject) return false;
  client_->reset_on_close();
  client_broke_ = true;
  if (!server_) return true;
  if (refusal.verdict == actions::Verdict::Reset) {
    server_->reset_on_close();
    server_reset_ = true;
  } else if (phase_ == Phase::Active && passing_request_ == 0 && !server_->writing()) {
    std::string goodbye;
    wire::append_terminate(goodbye);
    server_->try_write(goodbye);
  }
  return true;
}

/// The message at the front of the inlet is refused. True = the session goes on.
Task<bool> Session::act_on_refusal() {
  Refusal refusal = std::move(*refusal_);
  refusal_.reset();
  acted_ = {};
  if (breaks(refusal)) co_return false;
  if (refusal.fields.severity == "FATAL") {
    terminate(std::move(refusal.fields));
    co_return false;
  }
  const char type = from_client_.bytes().front();
  const std::string error = wire::encode_error(refusal.fields);
  const bool alone = type == 'Q' && book_.at_rest();
  const bool kept = refusal.keeps_transaction && book_.transaction() == Transaction::Active;
  if (alone && (book_.transaction() == Transaction::Idle || kept)) {
    std::string answer = error;
    wire::append_ready(answer, book_.status_byte());
    if (!co_await swallow_request() || !co_await answer_client(std::move(answer))) co_return false;
    if (leaves_when_idle() && idle()) say_goodbye();
    co_return phase_ == Phase::Active;
  }
  auto companion = new_companion();
  companion->refusal = error;
  companion->insists = refusal.ends_transaction;
  const Request request = type == 'Q' ? Request::Query : type == 'F' ? Request::FunctionCall : Request::Parse;
  book_.sent(request, std::move(companion));
  co_return co_await replace_request(type);
}

/// Sends what fails in the server where the refused message would have run.
Task<bool> Session::replace_request(char type) {
  std::string stand_in;
  if (type == 'Q') {
    wire::append_query(stand_in, kFailingText);
  } else if (type == 'F') {
    wire::append_void_function_call(stand_in);
  } else {
    wire::append_parse(stand_in, kStandIn, kFailingText);
  }
  if (!co_await swallow_request()) co_return false;
  from_client_.keep();
  co_return co_await server_->write(stand_in) == Io::Ok;
}

/// Consumes the message at the front, however long; it has not been collected when it is too long to be
/// inspected.
Task<bool> Session::swallow_request() {
  std::size_t left = std::size_t{load_be<std::uint32_t>(from_client_.bytes().data() + 1)} + 1;
  for (;;) {
    const std::size_t here = std::min(left, from_client_.bytes().size());
    worker_.metrics().add(Counter::BytesFromClient, here);
    facts_.bytes_in += here;
    from_client_.consume(here);
    left -= here;
    if (left == 0) co_return true;
    if (co_await from_client_.more() != Io::Ok) co_return false;
  }
}

Task<bool> Session::answer_client(std::string answer) {
  from_client_.keep();
  co_await client_turn_.acquire();
  const Io sent = co_await client_->write(answer);
  client_turn_.release();
  worker_.metrics().add(Counter::BytesToClient, answer.size());
  facts_.bytes_out += answer.size();
  co_return sent == Io::Ok;
}

}  // namespace signalbox::proxy
