// What ends a request, changes the transaction or a parameter is told to the book and the facts. An
// ErrorResponse that answers a refused request is replaced by the refusal.
#include "proxy/session/replies/replies.h"

#include "proxy/session/settling.h"

namespace signalbox::proxy {
namespace {

/// An ErrorResponse up to this size is looked at whole; a longer one passes as it is.
constexpr std::size_t kLongestError = 64 * 1024;
constexpr std::size_t kLongestParameter = 64 * 1024;
/// A ParameterDescription has at most 65,535.
constexpr std::size_t kLongestParameters = 4 * 65'536;
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

Task<> Replies::relay() {
  for (;;) {
    const Run run = scan();
    if (run.bytes > 0 && !co_await send(run.bytes)) break;
    if (run.pause != Pause::More) {
      if (!co_await act_on(run.pause)) break;
      continue;
    }
    if (ends_.server->more_to_read()) co_await yield_to(ends_.loop());
    if (co_await ends_.from_server->more() == Io::Ok) continue;
    if (!ends_.switching) break;
    co_await ends_.switched.sleep();
  }
  ends_.server_gone = true;
  ends_.client->cancel(Io::Cancelled);
  ends_.answered.wake();
}

Replies::Run Replies::scan() {
  const std::string_view bytes = ends_.from_server->bytes();
  std::size_t at = static_cast<std::size_t>(std::min<std::uint64_t>(reply_left_, bytes.size()));
  reply_left_ -= at;
  const bool seen = answers_.are_seen();
  while (at < bytes.size()) {
    const std::string_view rest = bytes.substr(at);
    wire::FrameHeader header;
    const auto status = wire::read_header(wire::Sender::Server, rest, header);
    if (status == wire::HeaderStatus::Incomplete) break;
    if (status != wire::HeaderStatus::Complete) return {at, Pause::BadMessage};
    const bool row = header.type == 'D' || header.type == 'd';
    if (row && seen && dialogue_.book.size() == 0) return {at, Pause::OutOfStep};
    const bool by_hand = row && answers_.rows_by_hand();
    if (by_hand && !answers_.muted() && header.size() > rest.size() && header.size() <= kLongestEdited)
      return {at, Pause::More};
    if (!row || lane_.state) {
      const auto pause = lane_.state ? on_lane_reply(header, rest) : on_reply(header, rest);
      if (pause == Pause::Idle) return {at + header.size(), *pause};
      if (pause) return {at, *pause};
    }
    if (by_hand) [[unlikely]]
      return {at, answers_.muted() ? Pause::Mute : Pause::Edit};
    if (seen) answers_.watched(header);
    if (header.size() > rest.size()) {
      reply_left_ = header.size() - rest.size();
      return {bytes.size(), Pause::More};
    }
    at += header.size();
  }
  return {at, Pause::More};
}

/// The same where actions have left something behind: what answers an errand is swallowed, answers are
/// bounded.
std::optional<Pause> Replies::on_lane_reply(const wire::FrameHeader& header, std::string_view available) {
  const bool whole = available.size() >= header.size();
  const std::string_view body = available.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes);
  bool swallowed = false;
  if (lane_.state->errands > 0) {
    const auto own = lane_.errands.takes(header, body, whole);
    if (!own) return Pause::More;
    swallowed = *own;
  }
  if (!swallowed && !answers_.muted()) {
    if (const auto pause = lane_.bounds.bound(header, body, whole, instead_)) {
      if (*pause == Pause::Substitute) answers_.forsake();
      return pause;
    }
  }
  if (header.type == 'D' || header.type == 'd')
    return swallowed ? std::optional(Pause::Swallow) : std::nullopt;
  const auto pause = on_reply(header, available);
  return swallowed && (!pause || *pause == Pause::Idle) ? std::optional(Pause::Swallow) : pause;
}

/// One message that is no row. Returns why the scan must stop: before it, or behind it when it is Idle.
std::optional<Pause> Replies::on_reply(const wire::FrameHeader& header, std::string_view available) {
  const bool whole = available.size() >= header.size();
  const std::string_view body = available.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes);
  const bool seen = answers_.are_seen();
  if (seen) answers_.note_portals(header, body);
  if (seen && !answers_.muted() && !is_stand_in(dialogue_.book.head())) {
    if (const auto pause = answers_.watch(header, body, whole)) return pause;
  }
  const auto pause = note(header, body, whole);
  if (pause == Pause::OutOfStep) return pause;
  const bool may_be_edited = seen || answers_.rows_by_hand() || answers_.has_instead();
  return may_be_edited ? answers_.edited(header, body, pause, instead_) : pause;
}

/// The book, the facts and the statements learn of it.
std::optional<Pause> Replies::note(const wire::FrameHeader& header, std::string_view body, bool whole) {
  switch (header.type) {
    case 'C': return note_complete(body, whole);
    case 'E': return note_error(header, body, whole);
    case 'S': {
      if (!whole && header.size() <= kLongestParameter) return Pause::More;
      if (const auto status = wire::decode_parameter_status(body))
        dialogue_.on_parameter(status->name, status->value);
      return std::nullopt;
    }
    case 'Z': {
      if (!whole) return Pause::More;
      const auto status = wire::decode_ready(body);
      if (!status) return Pause::BadMessage;
      const Book::Meaning meaning = dialogue_.book.received('Z', *status);
      if (dialogue_.book.lost() && answers_matter()) return Pause::OutOfStep;
      settle(meaning, ends_, lane_.state);
      return ends_.last_words && dialogue_.idle() ? std::optional(Pause::Idle) : std::nullopt;
    }
    default: break;
  }
  if (header.type == 't' && !whole && header.size() <= kLongestParameters) return Pause::More;
  if (header.type == 't' && whole) note_parameters(body);
  if (header.type == 'G') copy_took_sync_ = dialogue_.book.awaits_sync();
  const Book::Meaning meaning = dialogue_.book.received(header.type);
  if (dialogue_.book.lost() && answers_matter()) return Pause::OutOfStep;
  if (meaning.head != nullptr && meaning.head->companion && meaning.head->companion->ours &&
      !answers_.has_instead())
    answers_.put_instead({});  // not for the client
  settle(meaning, ends_, lane_.state);
  if (header.type == 'G' || header.type == 'W') ends_.answered.wake();
  return std::nullopt;
}

/// ParameterDescription.
void Replies::note_parameters(std::string_view body) {
  const Pending* head = dialogue_.book.head();
  if (head == nullptr || head->request != Request::Describe || !head->companion) return;
  if (auto types = wire::decode_parameter_description(body); types && head->companion->what == 'S')
    dialogue_.statements.described(head->companion->statement, std::move(*types));
}

std::optional<Pause> Replies::note_error(const wire::FrameHeader& header, std::string_view body, bool whole) {
  if (!whole && header.size() <= kLongestError) return Pause::More;
  const Book::Meaning meaning = dialogue_.book.received('E');
  dialogue_.names.failed();
  if (meaning.head != nullptr && meaning.head->companion && stands_in(*meaning.head->companion, body)) {
    instead_.swap(meaning.head->companion->refusal);
    return Pause::Substitute;
  }
  settle(meaning, ends_, lane_.state);
  return std::nullopt;
}

/// Which request is answered decides what is shown, or what names mean.
bool Replies::answers_matter() const {
  return answers_.are_seen() || ends_.decider().wants_queries();
}

/// CommandComplete.
std::optional<Pause> Replies::note_complete(std::string_view body, bool whole) {
  if (!whole) return Pause::More;
  const Book::Meaning meaning = dialogue_.book.received('C');
  if (dialogue_.book.lost() && answers_matter()) return Pause::OutOfStep;
  if (meaning.head != nullptr && meaning.head->companion) {
    if (meaning.head->request == Request::Query) dialogue_.statements.completed(*meaning.head->companion);
    expect_tag(*meaning.head);
  }
  if (body.starts_with("DEALLOCATE ALL")) dialogue_.statements.deallocated_all();
  if (body.starts_with("DISCARD ALL"))
    dialogue_.statements.discarded_all(), dialogue_.footprint.discarded_all();
  settle(meaning, ends_, lane_.state);
  return std::nullopt;
}

/// A stand-in has run: the client expects the tag of what it sent.
void Replies::expect_tag(const Pending& head) {
  std::optional<std::string> tag = head.companion->tag;
  if (head.request == Request::Execute) {
    const auto text = dialogue_.statements.of_portal(head.companion->portal);
    if (text) tag = text->tag;
  }
  if (!tag || answers_.has_instead() || answers_.muted()) return;
  std::string complete;
  wire::FrameBuilder(complete, 'C').text(*tag);
  answers_.put_instead(std::move(complete));
}

/// Sends the next bytes of the server on. A message begun keeps the turn to write until it is finished.
Task<bool> Replies::send(std::size_t size) {
  if (size < ends_.from_server->bytes().size()) ends_.from_server->keep();
  if (!ends_.mid_reply) co_await ends_.client_turn.acquire();
  const Io sent = co_await ends_.client->write(ends_.from_server->bytes().substr(0, size));
  ends_.mid_reply = reply_left_ > 0;
  if (!ends_.mid_reply) ends_.client_turn.release();
  ends_.metrics().add(Counter::BytesFromServer, size);
  ends_.metrics().add(Counter::BytesToClient, size);
  dialogue_.session.bytes_out += size;
  ends_.from_server->consume(size);
  co_return sent == Io::Ok;
}

}  // namespace signalbox::proxy
