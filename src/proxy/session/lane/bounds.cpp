// Bounds on what is under way, set by the action limit: its duration, and the size of its answer. Both end
// with a cancel request of the gateway's own, on a connection of its own, as a client's would.
//
// The surprise: a small server is often done before the gateway has counted its rows. Then there is nothing
// to cancel; the client is told of the error all the same, and in a transaction the server is made to agree
// that it has failed before anything else runs.
#include "proxy/session/lane/bounds.h"

#include <algorithm>

#include "base/bytes.h"
#include "proxy/session/settling.h"
#include "proxy/targets/connect.h"
#include "proxy/wire/replies.h"
#include "proxy/wire/startup.h"

namespace signalbox::proxy {
namespace {

bool is_row(char type) {
  return type == 'D' || type == 'd';
}

bool ends_answer(char type) {
  return type == 'C' || type == 'E' || type == 'I' || type == 's';
}

/// What follows the rows of a COPY in binary.
bool is_copy_trailer(const wire::FrameHeader& header, std::string_view body) {
  return header.type == 'd' && header.size() == wire::kHeaderBytes + 2 && body.starts_with("\xff\xff");
}

struct Shot {
  Loop& loop;
  CancelTarget target;
  wire::CancelRequest request;
  TimeoutOptions timeouts;
};

/// Waits until the server has closed the connection: by then it has sent the signal.
internal::Detached fire(Shot shot, std::shared_ptr<Cancelling> cancelling) {
  auto connected = co_await connect_to(shot.loop, shot.target.endpoint, shot.target.target,
                                       shot.target.encryption, shot.timeouts);
  if (connected) {
    Channel& server = *connected->channel;
    Timer deadline([&server] { server.cancel(Io::Timeout); });
    deadline.arm(shot.loop.timers(), shot.timeouts.connect);
    co_await server.write(wire::encode(shot.request));
    co_await server.read(shot.loop.scratch());
  }
  cancelling->done = true;
  if (cancelling->bounds != nullptr) cancelling->bounds->cancel_arrived();
}

}  // namespace

Bounds::~Bounds() {
  if (lane_ && lane_->cancelling) lane_->cancelling->bounds = nullptr;
}

void Bounds::cancel_at_server() {
  if (lane_.made().cancelling) return;
  lane_->cancelling = std::make_shared<Cancelling>(Cancelling{.bounds = this});
  fire({.loop = ends_.loop(),
        .target = ends_.cancel_target,
        .request = {.process = ends_.server_process, .key = ends_.server_key},
        .timeouts = dialogue_.settings->options.timeouts},
       lane_->cancelling);
}

void Bounds::cancel_arrived() {
  lane_->cancelling.reset();
  ends_.answered.wake();
}

// ---- duration

void Bounds::cancel_after(std::chrono::nanoseconds time, wire::ErrorFields error) {
  LaneState& state = lane_.made();
  if (state.duration_ns != 0 && state.duration_ns <= time.count()) return;
  state.duration_ns = time.count();
  state.cancel_error = std::move(error);
}

/// The message goes on now: from here its time counts. One that is running already goes on running, unless
/// the new one is over sooner.
void Bounds::begin_duration() {
  if (!lane_ || lane_->duration_ns == 0) return;
  LaneState& state = *lane_;
  const std::int64_t time_ns = std::exchange(state.duration_ns, 0);
  const std::int64_t due_ns = ends_.loop().now_ns() + time_ns;
  if (state.duration_due_ns != 0 && state.duration_due_ns <= due_ns) return;
  state.duration_due_ns = due_ns;
  state.duration_asked_ns = time_ns;
  if (!state.duration) state.duration = std::make_unique<Timer>([this] { on_duration(); });
  state.duration->arm(ends_.loop().timers(), std::chrono::nanoseconds(time_ns));
}

void Bounds::on_duration() {
  if (ends_.phase != Phase::Active || !lane_) return;
  if (dialogue_.book.size() == 0) return;  // all has been answered
  lane_->cancelled = lane_->cancel_error;
  ends_.metrics().add(Counter::LimitCancelled);
  cancel_at_server();
}

// ---- the size of an answer

/// Everything before it is answered first, so that it is not counted.
Task<> Bounds::cap_answer(AnswerCap cap) {
  LaneState& state = lane_.made();
  if (!state.cap) co_await errands_.until_answered();
  if (state.cap) {
    if (cap.rows < state.cap->rows || cap.bytes < state.cap->bytes || cap.columns < state.cap->columns)
      state.cap->error = cap.error;
    state.cap->rows = std::min(cap.rows, state.cap->rows);
    state.cap->bytes = std::min(cap.bytes, state.cap->bytes);
    state.cap->columns = std::min(cap.columns, state.cap->columns);
    co_return;
  }
  state.cap = std::move(cap);
  state.rows = state.bytes = 0;
}

std::optional<Pause> Bounds::bound(const wire::FrameHeader& header, std::string_view body, bool whole,
                                   std::string& instead) {
  LaneState& state = *lane_;
  if (state.skipping) return skip_to_ready(header, body, whole, instead);
  if (header.type == 'E' && whole && state.cancelled && wire::error_field(body, 'C') == "57014") {
    dialogue_.book.received('E');
    instead = wire::encode_error(*state.cancelled);
    state.cancelled.reset();
    return Pause::Substitute;
  }
  const bool remembered = note_portal(header.type, body);
  if (!state.cap) return std::nullopt;
  if (header.type == 'V') return header.size() > state.cap->bytes ? end_answer('V', instead) : std::nullopt;
  if (is_row(header.type)) {
    if (header.type == 'd' && dialogue_.book.copying_in())
      return std::nullopt;  // a stream of both directions
    if (body.size() < 2 && header.size() >= wire::kHeaderBytes + 2) return Pause::More;
    if (const auto* before = state.bytes == 0 ? begun_before() : nullptr)
      state.rows = before->rows, state.bytes = before->bytes;
    const bool narrow =
        header.type == 'd' || body.size() < 2 || load_be<std::uint16_t>(body.data()) <= state.cap->columns;
    if (!is_copy_trailer(header, body)) ++state.rows;
    state.bytes += header.size();
    if (!state.cutting && narrow && state.rows <= state.cap->rows && state.bytes <= state.cap->bytes)
      return std::nullopt;
    if (!state.cutting) cut();
    return Pause::Swallow;
  }
  if (!ends_answer(header.type)) return std::nullopt;
  state.rows = state.bytes = 0;
  if (!state.cutting && remembered) return std::nullopt;
  if (!whole) return Pause::More;
  return end_answer(header.type, instead);
}

/// With the cap's error, in the place of the message that would end it.
std::optional<Pause> Bounds::end_answer(char type, std::string& instead) {
  LaneState& state = *lane_;
  state.cutting = false;
  instead = wire::encode_error(state.cap->error);
  if (type == 'E') {
    dialogue_.book.received('E');
  } else {
    state.skipping = true;
    settle(dialogue_.book.received(type), ends_, lane_);
  }
  return Pause::Substitute;
}

/// What the portal that is answered has given before.
const Portions::Bound* Bounds::begun_before() const {
  const Pending* head = lane_->portions.empty() ? nullptr : dialogue_.book.head();
  const bool executes = head != nullptr && head->request == Request::Execute && head->companion;
  return executes ? lane_->portions.of(head->companion->portal) : nullptr;
}

/// Which portals there are. False: one too many to be remembered.
bool Bounds::note_portal(char type, std::string_view body) {
  LaneState& state = *lane_;
  if (type == 'Z' && wire::decode_ready(body) == 'I') state.portions.transaction_ended();
  const Pending* head = type == '2' || type == '3' || type == 's' ? dialogue_.book.head() : nullptr;
  if (head == nullptr || !head->companion) return true;
  const Companion& companion = *head->companion;
  if (type != 's') {
    if (type == '2' || companion.what == 'P') state.portions.gone(companion.portal);
    return true;
  }
  if (!state.bounds()) return true;
  return state.portions.suspended(companion.portal, {.cap = state.cap,
                                                     .rows = state.rows,
                                                     .bytes = state.bytes,
                                                     .duration_ns = state.duration_asked_ns,
                                                     .cancel_error = state.cancel_error});
}

void Bounds::declares(const std::vector<NameChange>& changes) {
  if (!lane_ || !lane_->bounds()) return;
  for (const NameChange& change : changes) {
    if (change.what != NameChange::What::Declare) continue;
    lane_->portions.declared(
        change.name,
        {.cap = lane_->cap, .duration_ns = lane_->duration_asked_ns, .cancel_error = lane_->cancel_error});
  }
}

/// A cap holds for all that is under way, so that must have been answered.
std::optional<Stop> Bounds::resume(std::string_view portal) {
  const Portions::Bound* bound = lane_->portions.of(portal);
  if (bound == nullptr) return std::nullopt;
  LaneState& state = *lane_;
  if (bound->cap && !state.cap) {
    if (dialogue_.book.size() > 0) return Stop::Unconfirmed;
    state.cap = bound->cap;
    state.rows = state.bytes = 0;
  }
  if (bound->duration_ns != 0) {
    cancel_after(std::chrono::nanoseconds(bound->duration_ns), bound->cancel_error);
    begin_duration();
  }
  return std::nullopt;
}

/// The answer at hand is too large.
void Bounds::cut() {
  lane_->cutting = true;
  ends_.metrics().add(Counter::LimitCut);
  cancel_at_server();
}

/// The client has been told of an error that the server knows nothing of.
std::optional<Pause> Bounds::skip_to_ready(const wire::FrameHeader& header, std::string_view body, bool whole,
                                           std::string& instead) {
  if (header.type == 'N' || header.type == 'S' || header.type == 'A') return std::nullopt;
  if (is_row(header.type)) return Pause::Swallow;
  if (!whole) return Pause::More;
  if (header.type != 'Z') {
    settle(dialogue_.book.received(header.type), ends_, lane_);
    return Pause::Swallow;
  }
  lane_->skipping = false;
  if (wire::decode_ready(body) != 'T') return std::nullopt;
  lane_->must_abort = true;
  wire::append_ready(instead, 'E');
  settle(dialogue_.book.received('Z', 'E'), ends_, lane_);
  return Pause::Substitute;
}

Task<bool> Bounds::abort_transaction() {
  if (!co_await errands_.until_answered()) co_return false;
  lane_->must_abort = false;
  co_await errands_.run(std::string(kFailingText));
  co_return ends_.phase == Phase::Active && !ends_.server_gone;
}

}  // namespace signalbox::proxy
