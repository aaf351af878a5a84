// Every way a session ends: a refusal with PostgreSQL's words, a shutdown, a timeout, and the orderly close
// of both sides. A last message must not be lost: a socket with unread input is closed with a reset, which
// makes the peer drop what it has not read yet; so the client's remaining input is read away for a moment.
#include "proxy/lane/state.h"
#include "proxy/session/session.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr std::chrono::milliseconds kLinger{500};

wire::ErrorFields fatal(std::string_view sqlstate, std::string_view message) {
  wire::ErrorFields fields;
  fields.severity = "FATAL";
  fields.sqlstate = sqlstate;
  fields.message = message;
  return fields;
}

}  // namespace

/// Tells the client and lets the caller end the session.
Task<> Session::refuse(wire::ErrorFields fields) {
  if (mid_reply_) co_return;  // in the middle of a message nothing can be said
  const std::string message = wire::encode_error(fields);
  co_await client_turn_.acquire();
  co_await client_->write(message);
  client_turn_.release();
}

Task<> Session::refuse(const wire::WireError& error) {
  co_await refuse(fatal(error.sqlstate, error.message));
}

void Session::drain() {
  draining_ = true;
  if (phase_ == Phase::Handshake) client_->cancel(Io::Cancelled);
  if (phase_ == Phase::Active && idle())
    terminate("57P01", "terminating connection due to administrator command");
}

/// Never waits: who does not read its last message now will not read it later.
void Session::terminate(std::string_view sqlstate, std::string_view message) {
  terminate(fatal(sqlstate, message));
}

void Session::terminate(wire::ErrorFields fields) {
  if (phase_ == Phase::Closing) return;
  if (!client_turn_.taken() && !client_->writing()) client_->try_write(wire::encode_error(fields));
  if (server_ && phase_ == Phase::Active && passing_request_ == 0 && !server_->writing()) {
    std::string terminate_message;
    wire::append_terminate(terminate_message);
    server_->try_write(terminate_message);
  }
  phase_ = Phase::Closing;
  client_->cancel(Io::Cancelled);
  if (server_) server_->cancel(Io::Cancelled);
  wake_requests();
}

bool Session::leaves_when_idle() const {
  return draining_ || (lane_ && lane_->last_words);
}

void Session::say_goodbye() {
  if (lane_ && lane_->last_words) return terminate(*lane_->last_words);
  terminate("57P01", "terminating connection due to administrator command");
}

bool Session::idle() const {
  return book_.at_rest() && book_.transaction() == Transaction::Idle && passing_request_ == 0 && !asking_;
}

void Session::watch_idleness() {
  if (settings_->options.timeouts.idle.count() > 0) {
    deadline_.arm(worker_.loop().timers(), settings_->options.timeouts.idle);
  }
}

void Session::on_deadline() {
  switch (phase_) {
    case Phase::Handshake:
      worker_.metrics().add(Counter::HandshakeTimeouts);
      client_->cancel(Io::Timeout);
      break;
    case Phase::Login:
      worker_.metrics().add(Counter::HandshakeTimeouts);
      terminate("57014", "canceling authentication due to timeout");
      break;
    case Phase::Active: {
      const std::chrono::nanoseconds allowed = settings_->options.timeouts.idle;
      const std::chrono::nanoseconds spent(worker_.loop().now_ns() - idle_since_ns_);
      if (!idle()) {
        watch_idleness();
      } else if (spent < allowed) {
        deadline_.arm(worker_.loop().timers(), allowed - spent);
      } else {
        worker_.metrics().add(Counter::IdleTimeouts);
        terminate("57P05", "terminating connection due to idle-session timeout");
      }
      break;
    }
    case Phase::Closing: client_->cancel(Io::Timeout); break;
  }
}

Task<> Session::part() {
  phase_ = Phase::Closing;
  cancel_entry_ = {};
  if (server_ && !server_reset_) server_->shutdown_write();
  server_.reset();
  if (client_broke_) co_return;
  client_->reopen();
  client_->shutdown_write();
  if (client_done_) co_return;
  deadline_.arm(worker_.loop().timers(), kLinger);
  while ((co_await client_->read(worker_.loop().scratch())).status == Io::Ok) {
  }
}

}  // namespace signalbox::proxy
