// Bounds on what is under way, set by the action limit: its duration, and the size of its answer. Both end
// with a cancel request of the gateway's own, on a connection of its own, as a client's would.
//
// The surprise: a small server is often done before the gateway has counted its rows. Then there is nothing
// to cancel; the client is told of the error all the same, and in a transaction the server is made to agree
// that it has failed before anything else runs.
#include <algorithm>

#include "proxy/lane/lane.h"
#include "proxy/lane/state.h"
#include "proxy/session/session.h"
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
  if (cancelling->session != nullptr) cancelling->session->cancel_arrived();
}

}  // namespace

void Session::cancel_at_server() {
  if (lane().cancelling) return;
  lane_->cancelling = std::make_shared<Cancelling>(Cancelling{.session = this});
  fire({.loop = worker_.loop(),
        .target = cancel_target_,
        .request = {.process = server_process_, .key = server_key_},
        .timeouts = settings_->options.timeouts},
       lane_->cancelling);
}

/// Nothing may be sent before: the signal would hit the next statement.
void Session::cancel_arrived() {
  lane_->cancelling.reset();
  wake_requests();
}

bool Session::is_cancelling() const {
  return lane_ && lane_->cancelling != nullptr;
}

// ---- duration

void Session::cancel_after(std::chrono::nanoseconds time, wire::ErrorFields error) {
  LaneState& state = lane();
  if (state.duration_ns != 0 && state.duration_ns <= time.count()) return;
  state.duration_ns = time.count();
  state.cancel_error = std::move(error);
}

/// The message goes on now: from here its time counts. One that is running already goes on running, unless
/// the new one is over sooner.
void Session::begin_duration() {
  if (!lane_ || lane_->duration_ns == 0) return;
  LaneState& state = *lane_;
  const std::int64_t time_ns = std::exchange(state.duration_ns, 0);
  const std::int64_t due_ns = worker_.loop().now_ns() + time_ns;
  if (state.duration_due_ns != 0 && state.duration_due_ns <= due_ns) return;
  state.duration_due_ns = due_ns;
  if (!state.duration) state.duration = std::make_unique<Timer>([this] { on_duration(); });
  state.duration->arm(worker_.loop().timers(), std::chrono::nanoseconds(time_ns));
}

void Session::on_duration() {
  if (phase_ != Phase::Active || !lane_) return;
  if (book_.size() == 0) return;  // all has been answered
  lane_->cancelled = lane_->cancel_error;
  worker_.metrics().add(Counter::LimitCancelled);
  cancel_at_server();
}

// ---- the size of an answer

/// Everything before it is answered first, so that it is not counted.
Task<> Session::cap_answer(AnswerCap cap) {
  LaneState& state = lane();
  if (!state.cap) co_await until_confirmed();
  if (state.cap) {
    if (cap.rows < state.cap->rows || cap.bytes < state.cap->bytes) state.cap->error = cap.error;
    state.cap->rows = std::min(cap.rows, state.cap->rows);
    state.cap->bytes = std::min(cap.bytes, state.cap->bytes);
    co_return;
  }
  state.cap = std::move(cap);
  state.rows = state.bytes = 0;
}

/// Before a message of the server passes.
std::optional<Session::Pause> Session::bound(const wire::FrameHeader& header, std::string_view body,
                                             bool whole) {
  LaneState& state = *lane_;
  if (state.skipping) return skip_to_ready(header, body, whole);
  if (header.type == 'E' && whole && state.cancelled && wire::error_field(body, 'C') == "57014") {
    book_.received('E');
    replacement_ = wire::encode_error(*state.cancelled);
    state.cancelled.reset();
    return Pause::Substitute;
  }
  if (!state.cap) return std::nullopt;
  if (is_row(header.type)) {
    ++state.rows;
    state.bytes += header.size();
    if (!state.cutting && state.rows <= state.cap->rows && state.bytes <= state.cap->bytes)
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
  replacement_ = wire::encode_error(state.cap->error);
  if (header.type == 'E') {
    book_.received('E');
  } else {
    state.skipping = true;
    after(book_.received(header.type));
  }
  return Pause::Substitute;
}

/// The answer at hand is too large.
void Session::cut() {
  lane_->cutting = true;
  worker_.metrics().add(Counter::LimitCut);
  cancel_at_server();
}

/// The client has been told of an error that the server knows nothing of.
std::optional<Session::Pause> Session::skip_to_ready(const wire::FrameHeader& header, std::string_view body,
                                                     bool whole) {
  if (header.type == 'N' || header.type == 'S' || header.type == 'A') return std::nullopt;
  if (is_row(header.type)) return Pause::Swallow;
  if (!whole) return Pause::More;
  if (header.type != 'Z') {
    after(book_.received(header.type));
    return Pause::Swallow;
  }
  lane_->skipping = false;
  if (wire::decode_ready(body) != 'T') return std::nullopt;
  lane_->must_abort = true;
  wire::append_ready(replacement_, 'E');
  after(book_.received('Z', 'E'));
  return Pause::Substitute;
}

/// Makes the server agree that the transaction has failed.
Task<bool> Session::abort_transaction() {
  if (!co_await until_confirmed()) co_return false;
  lane_->must_abort = false;
  co_await run_errand(std::string(kFailingText));
  co_return phase_ == Phase::Active && !server_gone_;
}

/// Nothing is under way any more, and nothing is about to be.
void Session::came_to_rest() {
  if (!lane_ || asking_) return;
  LaneState& state = *lane_;
  state.held.clear();
  state.cap.reset();
  state.cutting = false;
  state.cancelled.reset();
  state.duration_due_ns = state.duration_ns = 0;
  if (state.duration) state.duration->disarm();
}

}  // namespace signalbox::proxy
