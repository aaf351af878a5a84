// What is done about what stopped the scan. Afterwards the scan begins anew at the front of the inlet, where
// the message at hand still is, unless it has been swallowed.
#include "base/bytes.h"
#include "proxy/session/requests/requests.h"

namespace signalbox::proxy {

Task<bool> Requests::act_on(Stop stop) {
  switch (stop) {
    case Stop::More: co_return true;
    case Stop::Room: co_await ends_.answered.sleep(); co_return true;
    case Stop::Terminated: co_return false;
    case Stop::BadMessage: co_await on_bad_message(); co_return false;
    case Stop::PoliciesChanged: co_return co_await policies_changed();
    case Stop::Unconfirmed: co_return co_await lane_.errands.until_answered();
    case Stop::Settings: co_return co_await lane_.errands.learn_settings();
    case Stop::Types: co_return co_await learn_types();
    case Stop::Ask: co_return co_await ask();
    case Stop::Describe: co_return co_await describe_portal();
    case Stop::Skip: co_return co_await swallow();
    case Stop::Rewrite: co_return co_await send_rewritten();
    case Stop::Refused: co_return co_await refuse();
    case Stop::Act: co_return co_await act();
    case Stop::Replaced: co_return co_await send_replacement();
    case Stop::Abort: co_return co_await lane_.bounds.abort_transaction();
    case Stop::Return: co_return co_await lane_.moves.go_home();
  }
  co_return false;
}

Task<> Requests::on_bad_message() {
  ends_.metrics().add(Counter::ProtocolViolations);
  dialogue_.show(ends_.decider(), Sight::Violation, actions::Hook::TrafficFromClient);
  wire::FrameHeader header;
  const auto status = wire::read_header(wire::Sender::Client, ends_.from_client.bytes(), header);
  co_await ends_.refuse(
      wire::WireError{.message = status == wire::HeaderStatus::UnknownType
                                     ? "invalid frontend message type " +
                                           std::to_string(static_cast<unsigned char>(header.type))
                                     : "invalid message length"});
  ends_.client_broke = true;
}

Task<bool> Requests::policies_changed() {
  if (judge_.still_holds()) co_return true;
  if (!co_await lane_.errands.until_answered()) co_return false;
  co_await judge_.judge_again();
  co_return true;
}

Task<bool> Requests::ask() {
  ends_.from_client.keep();
  co_await judge_.ask();
  co_return !ends_.server_gone;
}

/// They are remembered where the answer passes, as those that the client asks for.
Task<bool> Requests::learn_types() {
  ends_.from_client.keep();
  co_await lane_.errands.describe(*at_hand_.untold);
  co_return !ends_.server_gone;
}

/// Asks in the client's place; the answer is not for the client.
Task<bool> Requests::describe_portal() {
  ends_.from_client.keep();
  const auto body = ends_.from_client.bytes().substr(wire::kHeaderBytes);
  wire::BodyReader reader(body);
  const std::string portal(reader.name());
  auto companion = dialogue_.new_companion();
  companion->what = 'P';
  companion->portal = portal;
  companion->ours = true;
  dialogue_.book.sent(Request::Describe, std::move(companion));
  std::string describe;
  wire::append_describe(describe, 'P', portal);
  described_ = portal;
  co_return co_await ends_.server->write(describe) == Io::Ok;
}

/// The message at the front stays here; the rewritten one is decided as if the client had sent it, and sent.
Task<bool> Requests::send_rewritten() {
  ends_.from_client.keep();
  const Rewriting rewriting = *std::exchange(at_hand_.rewriting, std::nullopt);
  const char type = ends_.from_client.bytes().front();
  wire::FrameHeader header;
  wire::read_header(wire::Sender::Client, ends_.from_client.bytes(), header);
  std::string message;
  if (type == 'Q') {
    wire::append_query(message, rewriting.text);
  } else {
    const auto parse = wire::decode_parse(
        ends_.from_client.bytes().substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes));
    wire::append_parse(message, parse->statement, rewriting.text, rewriting.types(parse->parameter_types));
  }
  at_hand_.refusal = co_await judge_.judge_rewritten(rewriting, {.type = type, .bytes = message.size()});
  if (at_hand_.refusal) co_return co_await refuse();
  const auto body = std::string_view(message).substr(wire::kHeaderBytes);
  if (lane_.guards.watch(type)) {
    wire::read_header(wire::Sender::Client, message, header);
    const auto stop = lane_.guards.check(header, body, at_hand_);
    if (stop) co_return co_await act_on(*stop);
  }
  auto companion = companion_of(type, body, true);
  companion->edits = rewriting.edits;
  companion->tag = rewriting.tag;
  if (rewriting.tag) dialogue_.statements.will_change();  // so that its Execute is remembered
  if (at_hand_.ruled || type == 'P') follow_path(type, body);
  co_return co_await send_instead(std::move(message), std::move(companion));
}

Task<bool> Requests::send_replacement() {
  std::string message = std::exchange(at_hand_.replacement, {});
  const std::string_view body = std::string_view(message).substr(wire::kHeaderBytes);
  auto companion = companion_of(message.front(), body, true);
  companion->path.reset();  // of what it replaces
  if (message.front() == 'Q' && (!at_hand_.ruled || !at_hand_.ruled->path.empty()))
    dialogue_.names.lose_path();
  co_return co_await send_instead(std::move(message), std::move(companion));
}

/// A Query or a Parse goes on, and the one at the front does not.
Task<bool> Requests::send_instead(std::string message, std::unique_ptr<Companion> companion) {
  const char type = message.front();
  at_hand_.ends();
  lane_.tags.passed(type);
  dialogue_.footprint.note(type, std::string_view(message).substr(wire::kHeaderBytes), at_hand_.ruled.get());
  if (!co_await swallow()) co_return false;
  if (type == 'Q') ++dialogue_.session.queries, ends_.metrics().add(Counter::Statements);
  dialogue_.book.sent(type == 'Q' ? Request::Query : Request::Parse, std::move(companion));
  ends_.from_client.keep();
  co_return co_await ends_.server->write(message) == Io::Ok;
}

/// Consumes the message at the front, however long; it has not been collected when it is too long to be
/// inspected.
Task<bool> Requests::swallow() {
  std::size_t left = std::size_t{load_be<std::uint32_t>(ends_.from_client.bytes().data() + 1)} + 1;
  for (;;) {
    const std::size_t here = std::min(left, ends_.from_client.bytes().size());
    ends_.metrics().add(Counter::BytesFromClient, here);
    dialogue_.session.bytes_in += here;
    ends_.from_client.consume(here);
    left -= here;
    if (left == 0) co_return true;
    if (co_await ends_.from_client.more() != Io::Ok) co_return false;
  }
}

}  // namespace signalbox::proxy
