// Errands: statements of the gateway's own that run at the server among the client's, which hears nothing of
// them. They go as Parse, Bind, Execute and Close of names that no client uses, so that they fit into a
// pipeline as well as between two queries; outside a pipeline they bring a Sync of their own.
//
// The surprise: within a pipeline a failure cannot be hidden, because the server now skips to the client's
// Sync. The client gets the error as the answer to its own statement.
#include "proxy/lane/lane.h"
#include "proxy/lane/state.h"
#include "proxy/session/session.h"
#include "proxy/wire/replies.h"
#include "proxy/wire/requests.h"
#include "sql/settings_text.h"

namespace signalbox::proxy {
namespace {

constexpr std::string_view kErrand = "signalbox errand";
constexpr std::chrono::seconds kPatience{30};

wire::ErrorFields gone() {
  wire::ErrorFields fields;
  fields.sqlstate = "08006";
  fields.message = "server closed the connection unexpectedly";
  return fields;
}

wire::ErrorFields fields_of(std::string_view body) {
  wire::ErrorFields fields;
  fields.sqlstate = wire::error_field(body, 'C');
  fields.message = wire::error_field(body, 'M');
  fields.detail = wire::error_field(body, 'D');
  fields.hint = wire::error_field(body, 'H');
  return fields;
}

}  // namespace

/// Runs one statement without results. The server's error, or that it did not answer in time.
Task<std::optional<wire::ErrorFields>> Session::run_errand(std::string sql) {
  auto errand = std::make_shared<Errand>();
  errand->alone = book_.at_rest();
  std::string messages;
  wire::append_close(messages, 'S', kErrand);  // an errand that failed has left it behind
  wire::append_parse(messages, kErrand, sql);
  wire::append_bind(messages, kErrand, kErrand);
  wire::append_execute(messages, kErrand);
  wire::append_close(messages, 'P', kErrand);
  wire::append_close(messages, 'S', kErrand);
  for (const Request request : {Request::Close, Request::Parse, Request::Bind, Request::Execute,
                                Request::Close, Request::Close, Request::Sync}) {
    if (request == Request::Sync && !errand->alone) break;
    auto companion = std::make_unique<Companion>();
    companion->errand = errand;
    book_.sent(request, std::move(companion));
  }
  (errand->alone ? wire::append_sync : wire::append_flush)(messages);
  ++lane().errands;
  bool late = false;
  Timer deadline([&] { late = true, wake_requests(); });
  deadline.arm(worker_.loop().timers(), kPatience);
  if (co_await server_->write(messages) != Io::Ok) co_return gone();
  while (errand.use_count() > 1 && !late && !server_gone_ && phase_ == Phase::Active) co_await Room{*this};
  if (errand.use_count() > 1) {
    wire::ErrorFields fields;
    fields.sqlstate = "57014";
    fields.message = "the server did not answer in time";
    co_return fields;
  }
  --lane_->errands;
  if (errand->error.empty()) co_return std::nullopt;
  co_return fields_of(errand->error);
}

/// A message of the server: does it belong to an errand? It is noted, and not for the client.
std::optional<bool> Session::is_of_errand(const wire::FrameHeader& header, std::string_view body,
                                          bool whole) {
  if (header.type == 'S' || header.type == 'A') return false;
  const Pending* head = book_.head();
  if (head == nullptr || !head->companion || !head->companion->errand) return false;
  if (!whole) return std::nullopt;
  if (header.type != 'E') return true;
  if (wire::is_fatal(body)) return false;
  head->companion->errand->error = body;
  return head->companion->errand->alone;
}

Task<std::optional<Refusal>> Session::set_parameter(std::string name, std::string value, bool local) {
  std::string sql = sql::set_statement(name, value, local);
  holds_state_ = holds_state_ || !local;
  if (phase_ == Phase::Login) {
    auto error = co_await errand_at_login(std::move(sql));
    if (!error) co_return std::nullopt;
    Refusal refusal = make_refusal(error->sqlstate, {});
    refusal.fields = std::move(*error);
    co_return refusal;
  }
  // Where the statement is not going to run, there is nothing to prepare for it.
  if (book_.transaction() == Transaction::Failed || book_.copying_in() || book_.skipping())
    co_return std::nullopt;
  auto error = co_await run_errand(std::move(sql));
  if (!error) co_return std::nullopt;
  Refusal refusal = make_refusal(error->sqlstate, {});
  refusal.fields = std::move(*error);
  refusal.ends_transaction = true;  // the errand has aborted it: the client must see why
  co_return refusal;
}

/// The same after the log-in, before anything is relayed: the gateway reads the answer itself.
Task<std::optional<wire::ErrorFields>> Session::errand_at_login(std::string sql) {
  std::string message;
  wire::append_query(message, sql);
  if (co_await server_->write(message) != Io::Ok) co_return gone();
  std::optional<wire::ErrorFields> error;
  for (;;) {
    const std::string_view frame = co_await login_frame(*from_server_, wire::Sender::Server);
    if (frame.empty()) co_return gone();
    const char type = frame.front();
    const std::string_view body = frame.substr(wire::kHeaderBytes);
    if (type == 'E') error = fields_of(body);
    std::string news;
    if (type == 'S') {
      if (const auto status = wire::decode_parameter_status(body)) on_parameter(status->name, status->value);
      news = frame;
    }
    from_server_->consume(frame.size());
    if (!news.empty() && co_await client_->write(news) != Io::Ok) co_return gone();
    if (type == 'Z') co_return error;
  }
}

}  // namespace signalbox::proxy
