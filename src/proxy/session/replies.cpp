// Server to client. Rows pass by the header; what ends a request, changes the transaction or a parameter is
// told to the book and the facts. An ErrorResponse that answers a refused request is replaced by the refusal.
#include "proxy/lane/state.h"
#include "proxy/session/session.h"

namespace signalbox::proxy {
namespace {

/// An ErrorResponse up to this size is looked at whole; a longer one passes as it is.
constexpr std::size_t kLongestError = 64 * 1024;
constexpr std::size_t kLongestParameter = 64 * 1024;
/// A message up to this size can be edited, which needs all of it.
constexpr std::size_t kLongestEdited = std::size_t{64} << 20;

/// The server's error answers what we sent in the place of a refused message, so the refusal takes its place.
/// In a transaction that has failed already PostgreSQL says 25P02 to everything but its end, and so do we.
bool stands_in(const Companion& companion, std::string_view error) {
  if (companion.refusal.empty() || wire::is_fatal(error)) return false;
  return companion.insists || wire::error_field(error, 'C') != "25P02";
}

/// What is answered is nothing that the client has sent.
bool is_stand_in(const Pending* head) {
  return head != nullptr && head->companion && (!head->companion->refusal.empty() || head->companion->errand);
}

}  // namespace

Task<> Session::relay_replies() {
  for (;;) {
    const ReplyRun run = scan_replies();
    if (run.bytes > 0 && !co_await send_to_client(run.bytes)) break;
    if (run.pause != Pause::More) {
      if (!co_await act_on(run.pause)) break;
      continue;
    }
    if (server_->more_to_read()) co_await yield_to(worker_.loop());
    if (co_await from_server_->more() == Io::Ok) continue;
    if (!switching_) break;
    co_await Parked{*this};
  }
  server_gone_ = true;
  client_->cancel(Io::Cancelled);
  wake_requests();
}

/// What stopped the scan. False = the session ends.
Task<bool> Session::act_on(Pause pause) {
  switch (pause) {
    case Pause::More: co_return true;
    case Pause::Substitute: co_return co_await substitute();
    case Pause::Begins: co_return co_await decide_beginning();
    case Pause::Edit: co_return co_await edit_rows();
    case Pause::Mute: co_return co_await mute_row();
    case Pause::Answered: co_return co_await decide_response();
    case Pause::BadMessage: co_await on_bad_reply(); co_return false;
    case Pause::Stuck:
      terminate("08P01", "the server waits for data of a statement whose answer was withheld");
      co_return false;
    case Pause::Swallow: co_return co_await swallow_reply();
    case Pause::Idle: say_goodbye(); co_return false;
  }
  co_return false;
}

/// The coroutine of the requests may be waiting for an answer to something.
void Session::wake_requests() {
  if (waiting_for_room_) worker_.loop().defer(std::exchange(waiting_for_room_, {}));
}

Session::ReplyRun Session::scan_replies() {
  const std::string_view bytes = from_server_->bytes();
  std::size_t at = static_cast<std::size_t>(std::min<std::uint64_t>(passing_reply_, bytes.size()));
  passing_reply_ -= at;
  const bool seen = worker_.decider().wants_responses();
  while (at < bytes.size()) {
    const std::string_view rest = bytes.substr(at);
    wire::FrameHeader header;
    const auto status = wire::read_header(wire::Sender::Server, rest, header);
    if (status == wire::HeaderStatus::Incomplete) break;
    if (status != wire::HeaderStatus::Complete) return {at, Pause::BadMessage};
    const bool row = header.type == 'D' || header.type == 'd';
    const bool by_hand = row && rows_by_hand_;
    if (by_hand && !muted_ && header.size() > rest.size() && header.size() <= kLongestEdited)
      return {at, Pause::More};
    if (!row || lane_) {
      const auto pause = lane_ ? on_lane_reply(header, rest) : on_reply(header, rest);
      if (pause == Pause::Idle) return {at + header.size(), *pause};
      if (pause) return {at, *pause};
    }
    if (by_hand) [[unlikely]]
      return {at, muted_ ? Pause::Mute : Pause::Edit};
    if (seen) watched(header);
    if (header.size() > rest.size()) {
      passing_reply_ = header.size() - rest.size();
      return {bytes.size(), Pause::More};
    }
    at += header.size();
  }
  return {at, Pause::More};
}

/// The same where actions have left something behind: what answers an errand is swallowed, answers are
/// bounded.
std::optional<Session::Pause> Session::on_lane_reply(const wire::FrameHeader& header,
                                                     std::string_view available) {
  const bool whole = available.size() >= header.size();
  const std::string_view body = available.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes);
  bool swallowed = false;
  if (lane_->errands > 0) {
    const auto own = is_of_errand(header, body, whole);
    if (!own) return Pause::More;
    swallowed = *own;
  }
  if (!swallowed) {
    if (const auto pause = bound(header, body, whole)) return pause;
  }
  if (header.type == 'D' || header.type == 'd')
    return swallowed ? std::optional(Pause::Swallow) : std::nullopt;
  const auto pause = on_reply(header, available);
  return swallowed && (!pause || *pause == Pause::Idle) ? std::optional(Pause::Swallow) : pause;
}

/// One message that is no row. Returns why the scan must stop: before it, or behind it when it is Idle.
std::optional<Session::Pause> Session::on_reply(const wire::FrameHeader& header, std::string_view available) {
  const bool whole = available.size() >= header.size();
  const std::string_view body = available.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes);
  const bool seen = worker_.decider().wants_responses();
  if (rows_by_hand_ && !whole) return header.size() <= kLongestEdited ? Pause::More : Pause::BadMessage;
  if (seen && !muted_ && !is_stand_in(book_.head())) {
    if (const auto pause = watch(header, body, whole)) return pause;
  }
  const auto pause = note_reply(header, body, whole);
  return seen || rows_by_hand_ || instead_ ? edited(header, body, pause) : pause;
}

/// The book, the facts and the statements learn of it.
std::optional<Session::Pause> Session::note_reply(const wire::FrameHeader& header, std::string_view body,
                                                  bool whole) {
  switch (header.type) {
    case 'Z': {
      if (!whole) return Pause::More;
      const auto status = wire::decode_ready(body);
      if (!status) return Pause::BadMessage;
      after(book_.received('Z', *status));
      return leaves_when_idle() && idle() ? std::optional(Pause::Idle) : std::nullopt;
    }
    case 'E': {
      if (!whole && header.size() <= kLongestError) return Pause::More;
      const Book::Meaning meaning = book_.received('E');
      if (meaning.head != nullptr && meaning.head->companion && stands_in(*meaning.head->companion, body)) {
        replacement_.swap(meaning.head->companion->refusal);
        return Pause::Substitute;
      }
      after(meaning);
      return std::nullopt;
    }
    case 'S': {
      if (!whole && header.size() <= kLongestParameter) return Pause::More;
      if (const auto status = wire::decode_parameter_status(body)) on_parameter(status->name, status->value);
      return std::nullopt;
    }
    case 'C': {
      if (!whole) return Pause::More;
      const Book::Meaning meaning = book_.received('C');
      if (meaning.head != nullptr && meaning.head->request == Request::Query && meaning.head->companion)
        statements_.completed(*meaning.head->companion);
      if (meaning.head != nullptr && meaning.head->companion) expect_tag(*meaning.head);
      if (body.starts_with("DEALLOCATE ALL")) statements_.deallocated_all();
      if (body.starts_with("DISCARD ALL")) statements_.discarded_all(), holds_state_ = false;
      after(meaning);
      return std::nullopt;
    }
    default: break;
  }
  const Book::Meaning meaning = book_.received(header.type);
  if (meaning.head != nullptr && meaning.head->companion && meaning.head->companion->ours && !instead_)
    instead_.emplace();  // not for the client
  after(meaning);
  if (header.type == 'G' || header.type == 'W') wake_requests();
  return std::nullopt;
}

/// A stand-in has run: the client expects the tag of what it sent.
void Session::expect_tag(const Pending& head) {
  std::optional<std::string> tag = head.companion->tag;
  if (head.request == Request::Execute) {
    const auto text = statements_.of_portal(head.companion->portal);
    if (text) tag = text->tag;
  }
  if (tag && !instead_ && !muted_) wire::FrameBuilder(instead_.emplace(), 'C').text(*tag);
}

/// Acts on what a message has ended: confirmations go to the statements, a waiting client pump goes on.
void Session::after(const Book::Meaning& meaning) {
  if (!meaning.ends_request) return;
  if (meaning.ready) {
    idle_since_ns_ = worker_.loop().now_ns();
    if (facts_.transaction == Transaction::Idle && book_.transaction() != Transaction::Idle)
      facts_.transaction_since_ns = worker_.decider().wall_ns();
    facts_.transaction = book_.transaction();
    if (facts_.transaction == Transaction::Idle) statements_.transaction_ended();
    if (facts_.transaction == Transaction::Idle && defines_) definitions_visible();
    if (wrote_) written_ns_ = worker_.loop().now_ns();
    if (facts_.transaction == Transaction::Idle) wrote_ = false;
    if (book_.size() == 0) came_to_rest();
  }
  if (meaning.head->companion && meaning.head->companion->errand) {
    meaning.head->companion.reset();
    wake_requests();
  } else if (meaning.head->companion) {
    if (!meaning.failed) statements_.confirm(meaning.head->request, *meaning.head->companion);
    spare_ = std::move(meaning.head->companion);
  }
  // Not for every single answer: a full pipeline goes on in large steps.
  if (book_.size() <= settings_->options.memory.in_flight / 2) wake_requests();
}

/// Sends the next bytes of the server on. A message begun keeps the turn to write until it is finished.
Task<bool> Session::send_to_client(std::size_t size) {
  if (size < from_server_->bytes().size()) from_server_->keep();
  if (!mid_reply_) co_await client_turn_.acquire();
  const Io sent = co_await client_->write(from_server_->bytes().substr(0, size));
  mid_reply_ = passing_reply_ > 0;
  if (!mid_reply_) client_turn_.release();
  worker_.metrics().add(Counter::BytesFromServer, size);
  worker_.metrics().add(Counter::BytesToClient, size);
  facts_.bytes_out += size;
  from_server_->consume(size);
  co_return sent == Io::Ok;
}

/// Drops the message at the front, however long it is.
Task<bool> Session::swallow_reply() {
  wire::FrameHeader header;
  wire::read_header(wire::Sender::Server, from_server_->bytes(), header);
  for (std::size_t left = header.size();;) {
    const std::size_t here = std::min(left, from_server_->bytes().size());
    from_server_->consume(here);
    left -= here;
    if (left == 0) co_return true;
    if (co_await from_server_->more() != Io::Ok) co_return false;
  }
}

/// The ErrorResponse at the front answers a request that we refused: the refusal takes its place.
Task<bool> Session::substitute() {
  wire::FrameHeader header;
  wire::read_header(wire::Sender::Server, from_server_->bytes(), header);
  from_server_->consume(header.size());
  from_server_->keep();
  wake_requests();  // what waits for the server to have answered everything
  if (replacement_.empty()) co_return true;
  co_return co_await write_to_client(std::exchange(replacement_, {}));
}

Task<> Session::on_bad_reply() {
  worker_.metrics().add(Counter::ProtocolViolations);
  co_await refuse(wire::WireError{.message = "lost synchronization with server", .sqlstate = "08P01"});
}

}  // namespace signalbox::proxy
