// A refusal is carried out. A refused message never reaches the server; a message that fails there, without
// any side effect, goes in its place, and the server's ErrorResponse is replaced by the refusal. So the
// transaction's state, the skipping of a pipeline and the order of answers are the server's own. Only a
// simple Query outside everything is answered by the gateway alone.
//
// What stands in: a call of a function that does not exist. It parses, so that in a transaction that has
// failed the server says 25P02, as it would to the refused message; and it is found out before anything runs.
// Of a Query with several statements none has run then, as when PostgreSQL finds a syntax error in one of
// them.
#include "proxy/session/requests/requests.h"
#include "proxy/wire/replies.h"

namespace signalbox::proxy {
namespace {

constexpr std::string_view kStandIn = "refused by the gateway";

/// A Parse of the unnamed statement. It ends the one before it, also when it fails.
bool replaces_unnamed(std::string_view frame) {
  return frame.starts_with('P') && frame.size() > wire::kHeaderBytes && frame[wire::kHeaderBytes] == '\0';
}

}  // namespace

/// The message at the front of the inlet is refused. True = the session goes on.
Task<bool> Requests::refuse() {
  Refusal refusal = std::move(*at_hand_.refusal);
  at_hand_.refusal.reset();
  at_hand_.ends();
  lane_.tags.refused();
  if (ends_.breaks(refusal)) co_return false;
  if (refusal.fields.severity == "FATAL") {
    ends_.terminate(std::move(refusal.fields));
    co_return false;
  }
  const char type = ends_.from_client.bytes().front();
  const std::string error = wire::encode_error(refusal.fields);
  const bool alone = type == 'Q' && dialogue_.book.at_rest();
  const bool kept = refusal.keeps_transaction && dialogue_.book.transaction() == Transaction::Active;
  if (alone && (dialogue_.book.transaction() == Transaction::Idle || kept)) {
    std::string answer = error;
    wire::append_ready(answer, dialogue_.book.status_byte());
    if (!co_await swallow()) co_return false;
    ends_.from_client.keep();
    if (!co_await ends_.write_to_client(std::move(answer))) co_return false;
    if (ends_.last_words && dialogue_.idle()) ends_.say_goodbye();
    co_return ends_.phase == Phase::Active;
  }
  auto companion = dialogue_.new_companion();
  companion->refusal = error;
  companion->insists = refusal.ends_transaction;
  const Request request = type == 'Q' ? Request::Query : type == 'F' ? Request::FunctionCall : Request::Parse;
  dialogue_.book.sent(request, std::move(companion));
  co_return co_await fail_at_server(type);
}

/// Sends what fails in the server where the refused message would have run.
Task<bool> Requests::fail_at_server(char type) {
  std::string stand_in;
  if (type == 'Q') {
    wire::append_query(stand_in, kFailingText);
  } else if (type == 'F') {
    wire::append_void_function_call(stand_in);
  } else {
    const bool unnamed = replaces_unnamed(ends_.from_client.bytes());
    wire::append_parse(stand_in, unnamed ? std::string_view() : kStandIn, kFailingText);
  }
  if (!co_await swallow()) co_return false;
  ends_.from_client.keep();
  co_return co_await ends_.server->write(stand_in) == Io::Ok;
}

}  // namespace signalbox::proxy
