// scan() walks the headers of what has been read and enters each request in the
// book; it stops where something must happen. Everything before the stop is sent on in one piece.
#include "proxy/wire/requests.h"

#include <fmt/format.h>

#include "proxy/session/requests/requests.h"

namespace signalbox::proxy {
namespace {

std::optional<Request> request_of(char type) {
  switch (type) {
    case 'Q': return Request::Query;
    case 'F': return Request::FunctionCall;
    case 'P': return Request::Parse;
    case 'B': return Request::Bind;
    case 'D': return Request::Describe;
    case 'E': return Request::Execute;
    case 'C': return Request::Close;
    case 'S': return Request::Sync;
    case 'c':
    case 'f': return Request::CopyEnd;
    default: return std::nullopt;  // CopyData, Flush, Terminate: nothing answers them
  }
}

/// While the server reads COPY data, PostgreSQL ends the session of a client that sends anything else. If the
/// COPY has failed meanwhile it would be run, and what the server answers could not be told apart.
Refusal intrusion(char type) {
  Refusal refusal = make_refusal(
      "08P01",
      fmt::format("unexpected message type 0x{:02X} during COPY from stdin", static_cast<unsigned>(type)));
  refusal.fields.severity = "FATAL";
  return refusal;
}

}  // namespace

Task<> Requests::relay() {
  while (!ends_.client_done) {
    const Run run = scan();
    if (run.bytes > 0 && !co_await send(run.bytes)) break;
    if (run.stop != Stop::More) {
      if (!co_await act_on(run.stop)) break;
      continue;
    }
    if (ends_.client->more_to_read()) co_await yield_to(ends_.loop());
    const Io got = co_await ends_.from_client.more();
    if (got == Io::Ok) continue;
    ends_.client_broke = got != Io::Eof;
    break;
  }
  client_leaves();
}

Requests::Run Requests::scan() {
  const std::string_view bytes = ends_.from_client.bytes();
  std::size_t at = static_cast<std::size_t>(std::min<std::uint64_t>(dialogue_.request_left, bytes.size()));
  dialogue_.request_left -= at;
  while (at < bytes.size()) {
    const std::string_view rest = bytes.substr(at);
    wire::FrameHeader header;
    const auto status = wire::read_header(wire::Sender::Client, rest, header);
    if (status == wire::HeaderStatus::Incomplete) break;
    if (status != wire::HeaderStatus::Complete) return {at, Stop::BadMessage};
    if (dialogue_.book.size() >= dialogue_.settings->options.memory.in_flight) return {at, Stop::Room};
    const auto stop = on_request(header, rest);
    if (stop && header.type == 'X') return {at + header.size(), *stop};
    if (stop) return {at, *stop};
    if (header.size() > rest.size()) {
      dialogue_.request_left = header.size() - rest.size();
      return {bytes.size(), Stop::More};
    }
    at += header.size();
  }
  return {at, Stop::More};
}

/// One message. `available` begins with its header and may hold more or less than all of it. Returns why the
/// scan must stop before it, or nothing when it may pass; what may pass has been entered in the book.
std::optional<Stop> Requests::on_request(const wire::FrameHeader& header, std::string_view available) {
  const bool whole = available.size() >= header.size();
  const std::string_view body = available.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes);
  if (dialogue_.skips_to_sync && header.type != 'X') {
    if (header.type != 'S') return Stop::Skip;
    dialogue_.skips_to_sync = false;
  }
  switch (header.type) {
    case 'd':
    case 'H': return std::nullopt;
    case 'X': return whole ? Stop::Terminated : Stop::More;
    case 'D': return on_describe(header, body, whole);
    case 'S':
      described_.reset();
      lane_.tags.passed('S');
      // Among the data of a COPY the server reads it as nothing.
      if (lane_.state && !dialogue_.book.copying_in()) lane_.state->open_visit = false;
      [[fallthrough]];
    case 'c':
    case 'f': dialogue_.book.sent(*request_of(header.type)); return std::nullopt;
    default: return on_statement(header, body, whole);
  }
}

/// A statement's life begins: is anything in its way, is as much of it here as must be read, what do policies
/// say, what earlier actions; then it passes.
std::optional<Stop> Requests::on_statement(const wire::FrameHeader& header, std::string_view body,
                                           bool whole) {
  if (const auto stop = must_wait(header.type)) return stop;
  const Decider& decider = ends_.decider();
  const bool judged = decider.wants_queries() && header.type != 'C';
  const bool guarded = lane_.guards.watch(header.type);
  if (dialogue_.book.copying_in() && (guarded || decider.wants_queries() || decider.wants_responses()))
    return at_hand_.refuse(intrusion(header.type));
  const bool read_whole = guarded || (judged && (header.type != 'B' || decider.wants_parameters()));
  if (!whole && (read_whole || header.size() <= kLongestKeptText)) {
    if (header.size() <= dialogue_.settings->options.memory.statement_bytes) return Stop::More;
    if (read_whole) return at_hand_.refuse(make_refusal("54000", "statement is too long to be inspected"));
  }
  if (lane_.state && lane_.moves.goes_astray(header.type))
    return at_hand_.refuse(make_refusal("0A000", "this pipeline is at another server for its COPY"));
  at_hand_.ruled.reset();
  if (header.type != 'E') described_.reset();
  if (judged) {
    if (const auto stop = judge_.judge(header, body)) return stop;
  }
  if (guarded) {
    if (const auto stop = lane_.guards.check(header, body, at_hand_)) return stop;
  }
  if (header.type == 'E' && lane_.state && !lane_.state->portions.empty()) {
    const auto portal = wire::decode_execute(body);
    const auto stop = portal ? lane_.bounds.resume(*portal) : std::nullopt;
    if (stop) return stop;
  }
  if (header.type == 'E' && must_describe(body)) return Stop::Describe;
  passes(header.type, body, whole);
  return std::nullopt;
}

/// What must be done before a statement can be looked at.
std::optional<Stop> Requests::must_wait(char type) {
  dialogue_.names.renew();
  if (!judge_.is_current()) return Stop::PoliciesChanged;
  if (!lane_.state) return std::nullopt;
  if (lane_.bounds.must_abort()) return Stop::Abort;
  if (lane_.bounds.is_cancelling()) return Stop::Room;
  const bool begins = (type == 'Q' || type == 'P') && at_hand_.moves == 0;
  return begins && lane_.moves.must_return() ? std::optional(Stop::Return) : std::nullopt;
}

/// Nothing is in its way: it is remembered until its answer comes.
void Requests::passes(char type, std::string_view body, bool whole) {
  const Decider& decider = ends_.decider();
  at_hand_.ends();
  lane_.tags.passed(type);
  dialogue_.footprint.note(type, body, at_hand_.ruled.get());
  if (!decider.reads_queries()) dialogue_.statements.unread(), dialogue_.names.lose_path();
  follow_path(type, body);
  const bool runs = type == 'Q' || type == 'E' || type == 'F';
  if (runs) ++dialogue_.session.queries, ends_.metrics().add(Counter::Statements);
  const bool answer_seen = decider.wants_responses();
  const bool remembered = !runs || (type == 'Q' && (answer_seen || at_hand_.changes_names())) ||
                          (type == 'E' && (answer_seen || dialogue_.statements.names_change() ||
                                           (lane_.state && lane_.state->bounds())));
  dialogue_.book.sent(*request_of(type), remembered ? companion_of(type, body, whole) : nullptr);
}

/// Where policies have a say in answers, or read bound values, it must be known what a description is of.
std::optional<Stop> Requests::on_describe(const wire::FrameHeader& header, std::string_view body,
                                          bool whole) {
  std::unique_ptr<Companion> companion;
  if (ends_.decider().wants_responses() || ends_.decider().wants_parameters()) {
    if (!whole && header.size() <= dialogue_.settings->options.memory.statement_bytes) return Stop::More;
    const auto message = whole ? wire::decode_close(body) : std::nullopt;
    if (message) {
      companion = dialogue_.new_companion();
      companion->what = message->what;
      (message->what == 'S' ? companion->statement : companion->portal) = message->name;
      if (message->what == 'P') described_ = message->name;
    }
  }
  dialogue_.book.sent(Request::Describe, std::move(companion));
  return std::nullopt;
}

/// Rows are edited by what they are described as, which the client may not have asked.
bool Requests::must_describe(std::string_view body) {
  if (!ends_.decider().wants_columns()) return false;
  const auto portal = wire::decode_execute(body);
  if (!portal || dialogue_.book.copying_in()) return false;
  const bool known = described_ == *portal;
  described_.reset();
  return !known;
}

/// What must be remembered of a message until the server confirms it.
std::unique_ptr<Companion> Requests::companion_of(char type, std::string_view body, bool whole) {
  auto companion = dialogue_.new_companion();
  if (ends_.decider().wants_responses()) companion->sent_ns = ends_.loop().now_ns();
  if (at_hand_.changes_names()) {
    companion->changes = {at_hand_.ruled, &at_hand_.ruled->changes};
    dialogue_.statements.will_change();
  }
  switch (type) {
    case 'B': {
      const auto names = wire::decode_bind_names(body);
      if (!names) return nullptr;
      companion->portal = names->portal;
      companion->statement = names->statement;
      break;
    }
    case 'E':
      if (const auto portal = wire::decode_execute(body)) companion->portal = *portal;
      break;
    case 'C': {
      const auto message = wire::decode_close(body);
      if (!message) return nullptr;
      companion->what = message->what;
      (message->what == 'S' ? companion->statement : companion->portal) = message->name;
      break;
    }
    default: judge_.remember(type, body, whole, *companion);
  }
  return companion;
}

Task<bool> Requests::send(std::size_t size) {
  if (size < ends_.from_client.bytes().size()) ends_.from_client.keep();
  ends_.metrics().add(Counter::BytesFromClient, size);
  dialogue_.session.bytes_in += size;
  const Io sent = co_await ends_.server->write(ends_.from_client.bytes().substr(0, size));
  ends_.metrics().add(Counter::BytesToServer, size);
  ends_.from_client.consume(size);
  co_return sent == Io::Ok;
}

/// The client sends no more. Answers still on their way reach it, unless its connection is broken.
void Requests::client_leaves() {
  ends_.client_done = true;
  if (ends_.client_broke) {
    ends_.server->cancel(Io::Cancelled);
  } else {
    ends_.server->shutdown_write();
  }
}

}  // namespace signalbox::proxy
