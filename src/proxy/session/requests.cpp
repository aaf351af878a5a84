// Client to server. scan_requests() walks the headers of what has been read and enters each request in the
// book; it stops where something must happen. Everything before the stop is sent on in one piece.
#include "proxy/wire/requests.h"

#include "proxy/lane/state.h"
#include "proxy/session/session.h"

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

}  // namespace

Task<> Session::relay_requests() {
  while (!client_done_) {
    const Run run = scan_requests();
    if (run.bytes > 0 && !co_await send_to_server(run.bytes)) break;
    if (run.stop != Stop::More) {
      if (!co_await act_on(run.stop)) break;
      continue;
    }
    if (client_->more_to_read()) co_await yield_to(worker_.loop());
    const Io got = co_await from_client_.more();
    if (got == Io::Ok) continue;
    client_broke_ = got != Io::Eof;
    break;
  }
  client_leaves();
}

/// What stopped the scan. False = the client's side is at its end.
Task<bool> Session::act_on(Stop stop) {
  switch (stop) {
    case Stop::More: co_return true;
    case Stop::Room: co_await Room{*this}; co_return true;
    case Stop::Terminated: co_return false;
    case Stop::BadMessage: co_await on_bad_request(); co_return false;
    case Stop::PoliciesChanged: co_return co_await policies_changed();
    case Stop::Unconfirmed: co_return co_await until_confirmed();
    case Stop::Ask: co_return co_await ask_elsewhere();
    case Stop::Describe: co_return co_await describe_portal();
    case Stop::Skip: co_return co_await swallow_request();
    case Stop::Rewrite: co_return co_await send_rewritten();
    case Stop::Refused: co_return co_await act_on_refusal();
    case Stop::Act: co_return co_await act();
    case Stop::Replaced: co_return co_await send_replacement();
    case Stop::Abort: co_return co_await abort_transaction();
    case Stop::Return: co_return co_await go_home();
  }
  co_return false;
}

Session::Run Session::scan_requests() {
  const std::string_view bytes = from_client_.bytes();
  std::size_t at = static_cast<std::size_t>(std::min<std::uint64_t>(passing_request_, bytes.size()));
  passing_request_ -= at;
  while (at < bytes.size()) {
    const std::string_view rest = bytes.substr(at);
    wire::FrameHeader header;
    const auto status = wire::read_header(wire::Sender::Client, rest, header);
    if (status == wire::HeaderStatus::Incomplete) break;
    if (status != wire::HeaderStatus::Complete) return {at, Stop::BadMessage};
    if (book_.size() >= settings_->options.memory.in_flight) return {at, Stop::Room};
    const auto stop = on_request(header, rest);
    if (stop && header.type == 'X') return {at + header.size(), *stop};
    if (stop) return {at, *stop};
    if (header.size() > rest.size()) {
      passing_request_ = header.size() - rest.size();
      return {bytes.size(), Stop::More};
    }
    at += header.size();
  }
  return {at, Stop::More};
}

/// One message. `available` begins with its header and may hold more or less than all of it. Returns why the
/// scan must stop before it, or nothing when it may pass; what may pass has been entered in the book.
std::optional<Session::Stop> Session::on_request(const wire::FrameHeader& header,
                                                 std::string_view available) {
  const bool whole = available.size() >= header.size();
  const std::string_view body = available.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes);
  if (skips_to_sync_ && header.type != 'X') {
    if (header.type != 'S') return Stop::Skip;
    skips_to_sync_ = false;
  }
  switch (header.type) {
    case 'd':
    case 'H': return std::nullopt;
    case 'X': return whole ? Stop::Terminated : Stop::More;
    case 'D': return on_describe(header, body, whole);
    case 'S': described_.reset(); [[fallthrough]];
    case 'c':
    case 'f': book_.sent(*request_of(header.type)); return std::nullopt;
    default: return on_statement(header, body, whole);
  }
}

/// A statement's life begins: is it judged by today's policies, is as much of it here as must be read, what
/// do they say; then it is remembered until its answer comes, and passes.
std::optional<Session::Stop> Session::on_statement(const wire::FrameHeader& header, std::string_view body,
                                                   bool whole) {
  Decider& decider = worker_.decider();
  renew_catalogue();
  if (decided_under_ != decider.policies_number() || decided_for_ != facts_.generation)
    return Stop::PoliciesChanged;
  if (lane_ && lane_->must_abort) return Stop::Abort;
  if (is_cancelling()) return Stop::Room;
  if ((header.type == 'Q' || header.type == 'P') && !acted_.from_client && must_return()) return Stop::Return;
  const bool judged = decider.wants_queries() && header.type != 'C';
  const bool guarded = guards(header.type);
  const bool read_whole = guarded || (judged && (header.type != 'B' || decider.wants_parameters()));
  if (!whole && (read_whole || header.size() <= kLongestKeptText)) {
    if (header.size() <= settings_->options.memory.statement_bytes) return Stop::More;
    if (read_whole) return refused(make_refusal("54000", "statement is too long to be inspected"));
  }
  ruled_.reset();
  if (header.type != 'E') described_.reset();
  if (judged) {
    if (const auto stop = decide_message(header, body)) return stop;
  }
  if (guarded) {
    if (const auto stop = guard(header, body)) return stop;
  }
  const bool answer_seen = decider.wants_responses();
  if (answer_seen && header.type == 'E' && must_describe(body)) return Stop::Describe;
  acted_ = {};
  note_statement(header.type, body);
  if (!decider.reads_queries()) statements_.unread(), lose_path();
  const bool runs = header.type == 'Q' || header.type == 'E' || header.type == 'F';
  if (runs) ++facts_.queries, worker_.metrics().add(Counter::Statements);
  const bool remembered = !runs || (header.type == 'Q' && (answer_seen || changes_names())) ||
                          (header.type == 'E' && (answer_seen || statements_.names_change()));
  book_.sent(*request_of(header.type), remembered ? companion_of(header.type, body, whole) : nullptr);
  return std::nullopt;
}

/// Where policies have a say in answers, it must be known what a description is of.
std::optional<Session::Stop> Session::on_describe(const wire::FrameHeader& header, std::string_view body,
                                                  bool whole) {
  std::unique_ptr<Companion> companion;
  if (worker_.decider().wants_responses()) {
    if (!whole && header.size() <= settings_->options.memory.statement_bytes) return Stop::More;
    const auto message = whole ? wire::decode_close(body) : std::nullopt;
    if (message) {
      companion = new_companion();
      companion->what = message->what;
      (message->what == 'S' ? companion->statement : companion->portal) = message->name;
      if (message->what == 'P') described_ = message->name;
    }
  }
  book_.sent(Request::Describe, std::move(companion));
  return std::nullopt;
}

/// Rows are edited by what they are described as, which the client may not have asked.
bool Session::must_describe(std::string_view body) {
  const auto portal = wire::decode_execute(body);
  if (!portal || book_.copying_in()) return false;
  const bool known = described_ == *portal;
  described_.reset();
  return !known;
}

/// Asks in the client's place; the answer is not for the client.
Task<bool> Session::describe_portal() {
  from_client_.keep();
  const auto body = from_client_.bytes().substr(wire::kHeaderBytes);
  wire::BodyReader reader(body);
  const std::string portal(reader.name());
  auto companion = new_companion();
  companion->what = 'P';
  companion->portal = portal;
  companion->ours = true;
  book_.sent(Request::Describe, std::move(companion));
  std::string describe;
  wire::append_describe_portal(describe, portal);
  described_ = portal;
  co_return co_await server_->write(describe) == Io::Ok;
}

/// The message at hand has been looked into, and prepares or declares something, or the opposite.
bool Session::changes_names() const {
  return ruled_ && !ruled_->changes.empty();
}

/// What must be remembered of a message until the server confirms it.
std::unique_ptr<Companion> Session::companion_of(char type, std::string_view body, bool whole) {
  auto companion = new_companion();
  if (worker_.decider().wants_responses()) companion->sent_ns = worker_.loop().now_ns();
  if (changes_names()) {
    companion->changes = {ruled_, &ruled_->changes};
    statements_.will_change();
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
    default:
      remember_text(type, body, whole, *companion);
      some_prepared_acts_ = some_prepared_acts_ || companion->acts != nullptr;
  }
  return companion;
}

/// Parse and Query.
void Session::remember_text(char type, std::string_view body, bool whole, Companion& companion) const {
  wire::BodyReader reader(body);
  if (type == 'P') companion.statement = reader.name();
  companion.revision = decided_under_;
  companion.reading = reading_;
  companion.text_known = (type == 'Q' && changes_names()) || (whole && body.size() <= kLongestKeptText);
  if (!companion.text_known) return;
  if (ruled_ && ruled_->acts) companion.acts = ruled_;
  companion.text = reader.text();
  companion.undecided = awaits_values(companion.text);
  if (type == 'Q') return;
  reader.integer<std::uint16_t>();
  companion.types = reader.rest();
}

std::unique_ptr<Companion> Session::new_companion() {
  if (!spare_) return std::make_unique<Companion>();
  spare_->clear();
  return std::move(spare_);
}

Task<bool> Session::send_to_server(std::size_t size) {
  if (size < from_client_.bytes().size()) from_client_.keep();
  worker_.metrics().add(Counter::BytesFromClient, size);
  facts_.bytes_in += size;
  const Io sent = co_await server_->write(from_client_.bytes().substr(0, size));
  worker_.metrics().add(Counter::BytesToServer, size);
  from_client_.consume(size);
  co_return sent == Io::Ok;
}

/// The client sends no more. Answers still on their way reach it, unless its connection is broken.
void Session::client_leaves() {
  client_done_ = true;
  if (client_broke_) {
    server_->cancel(Io::Cancelled);
  } else {
    server_->shutdown_write();
  }
}

Task<> Session::on_bad_request() {
  worker_.metrics().add(Counter::ProtocolViolations);
  see(Sight::Violation, actions::Hook::TrafficFromClient);
  wire::FrameHeader header;
  const auto status = wire::read_header(wire::Sender::Client, from_client_.bytes(), header);
  co_await refuse(wire::WireError{.message = status == wire::HeaderStatus::UnknownType
                                                 ? "invalid frontend message type " +
                                                       std::to_string(static_cast<unsigned char>(header.type))
                                                 : "invalid message length"});
  client_broke_ = true;
}

}  // namespace signalbox::proxy
