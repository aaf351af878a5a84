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
  if (!state.cap) return std::nullopt;
  if (is_row(header.type)) {
    if (body.size() < 2 && header.size() >= wire::kHeaderBytes + 2) return Pause::More;
    const bool narrow =
        header.type == 'd' || body.size() < 2 || load_be<std::uint16_t>(body.data()) <= state.cap->columns;
    ++state.rows;
    state.bytes += header.size();
    if (!state.cutting && narrow && state.rows <= state.cap->rows && state.bytes <= state.cap->bytes)
      return std::nullopt;
    if (header.type == 'd') return std::nullopt;  // COPY OUT cannot be cut within its data
    if (!state.cutting) cut();
    return Pause::Swallow;
  }
  if (!ends_answer(header.type)) return std::nullopt;
  state.rows = state.bytes = 0;
  if (!state.cutting) return std::nullopt;
  if (!whole) return Pause::More;
  state.cutting = false;
  instead = wire::encode_error(state.cap->error);
  if (header.type == 'E') {
    dialogue_.book.received('E');
  } else {
    state.skipping = true;
    settle(dialogue_.book.received(header.type), ends_, lane_);
  }
  return Pause::Substitute;
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
