// Errands: statements of the gateway's own that run at the server among the client's, which hears nothing of
// them. They go as Parse, Bind, Execute and Close of names that no client uses, so that they fit into a
// pipeline as well as between two queries; outside a pipeline they bring a Sync of their own.
//
// The surprise: within a pipeline a failure cannot be hidden, because the server now skips to the client's
// Sync. The client gets the error as the answer to its own statement.
#include "proxy/session/lane/errands.h"

#include <algorithm>

#include "proxy/session/login/login_frame.h"
#include "proxy/wire/replies.h"
#include "proxy/wire/requests.h"
#include "sql/settings_text.h"

namespace signalbox::proxy {
namespace {

constexpr std::string_view kErrand = "signalbox errand";

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

/// Of a DataRow.
std::string first_value(std::string_view row) {
  wire::BodyReader reader(row);
  reader.integer<std::uint16_t>();
  const auto length = reader.integer<std::int32_t>();
  return std::string(reader.bytes(static_cast<std::size_t>(std::max(length, 0))));
}

}  // namespace

Task<Errands::Outcome> Errands::run(std::string sql, std::chrono::nanoseconds time) {
  std::string messages;
  wire::append_close(messages, 'S', kErrand);  // an errand that failed has left it behind
  wire::append_parse(messages, kErrand, sql);
  wire::append_bind(messages, kErrand, kErrand);
  wire::append_execute(messages, kErrand);
  wire::append_close(messages, 'P', kErrand);
  wire::append_close(messages, 'S', kErrand);
  std::vector<Pending> requests;
  for (const Request request :
       {Request::Close, Request::Parse, Request::Bind, Request::Execute, Request::Close, Request::Close})
    requests.push_back({.request = request, .companion = std::make_unique<Companion>()});
  return run(std::move(messages), std::move(requests), time);
}

Task<Errands::Outcome> Errands::describe(std::string statement) {
  std::string message;
  wire::append_describe(message, 'S', statement);
  std::vector<Pending> requests;
  requests.push_back({.request = Request::Describe, .companion = std::make_unique<Companion>()});
  requests.front().companion->statement = std::move(statement);
  return run(std::move(message), std::move(requests), kPatience);
}

/// Each request has a companion.
Task<Errands::Outcome> Errands::run(std::string messages, std::vector<Pending> requests,
                                    std::chrono::nanoseconds time) {
  auto errand = std::make_shared<Errand>();
  errand->alone = dialogue_.book.at_rest();
  if (errand->alone)
    requests.push_back({.request = Request::Sync, .companion = std::make_unique<Companion>()});
  for (Pending& one : requests) {
    one.companion->errand = errand;
    dialogue_.book.sent(one.request, std::move(one.companion));
  }
  (errand->alone ? wire::append_sync : wire::append_flush)(messages);
  ++lane_.made().errands;
  bool late = false;
  Timer deadline([&] { late = true, ends_.answered.wake(); });
  if (co_await ends_.server->write(messages) != Io::Ok) co_return Outcome{.error = gone()};
  while (errand.use_count() > 1 && !late && !ends_.server_gone && ends_.phase == Phase::Active) {
    if (!deadline.armed() && is_next(*errand)) deadline.arm(ends_.loop().timers(), time);
    co_await ends_.answered.sleep();
  }
  if (errand.use_count() > 1 && !late) co_return Outcome{.error = gone()};
  if (errand.use_count() > 1) co_return Outcome{.late = true};
  --lane_->errands;
  if (!errand->error.empty()) co_return Outcome{.error = fields_of(errand->error)};
  co_return Outcome{.value = std::move(errand->value)};
}

/// SHOW takes no snapshot: the client may still choose its isolation level. If it fails, the server skips to
/// the client's Sync, and nothing is read under any settings.
Task<bool> Errands::learn_settings() {
  ends_.from_client.keep();
  for (const char* name : {"standard_conforming_strings", "client_encoding"}) {
    const Outcome outcome = co_await run(std::string("SHOW ") + name);
    if (ends_.server_gone || ends_.phase != Phase::Active) co_return false;
    if (outcome.error || outcome.late) co_return true;
    if (outcome.value != dialogue_.parameter(name)) dialogue_.on_parameter(name, outcome.value);
  }
  dialogue_.book.note_settings_told();
  co_return true;
}

/// The server has answered everything before it.
bool Errands::is_next(const Errand& errand) const {
  const Pending* head = dialogue_.book.head();
  return head != nullptr && head->companion && head->companion->errand.get() == &errand;
}

std::optional<bool> Errands::takes(const wire::FrameHeader& header, std::string_view body, bool whole) {
  if (header.type == 'S' || header.type == 'A') return false;
  const Pending* head = dialogue_.book.head();
  if (head == nullptr || !head->companion || !head->companion->errand) return false;
  if (!whole) return std::nullopt;
  if (header.type == 'D') head->companion->errand->value = first_value(body);
  if (header.type != 'E') return true;
  if (wire::is_fatal(body)) return false;
  head->companion->errand->error = body;
  return head->companion->errand->alone;
}

Task<SetAnswer> Errands::set_parameter(std::string name, std::string value, bool local,
                                       std::chrono::nanoseconds time) {
  std::string sql = sql::set_statement(name, value, local);
  if (!local) dialogue_.footprint.leaves_state();
  if (name == "role" || name == "session_authorization") dialogue_.names.lose_path();
  const bool logs_in = ends_.phase == Phase::Login;
  const bool moves_path = name == "search_path";
  if (logs_in && moves_path) dialogue_.names.lose_path();
  // Where the statement is not going to run, there is nothing to prepare for it.
  if (!logs_in && (dialogue_.book.transaction() == Transaction::Failed || dialogue_.book.copying_in() ||
                   dialogue_.book.skipping()))
    co_return SetAnswer{};
  if (!logs_in && moves_path) {
    const PathChange change{.what = PathChange::What::Path, .local = local, .value = value};
    dialogue_.names.passes({&change, 1});
  }
  Outcome outcome =
      logs_in ? co_await run_at_login(std::move(sql), time) : co_await run(std::move(sql), time);
  SetAnswer answer{.late = outcome.late};
  if (!outcome.error) co_return answer;
  answer.refusal = make_refusal(outcome.error->sqlstate, {});
  answer.refusal->fields = std::move(*outcome.error);
  answer.refusal->ends_transaction = !logs_in;  // the errand has aborted it: the client must see why
  co_return answer;
}

Task<bool> Errands::until_answered() {
  ends_.from_client.keep();
  if (dialogue_.book.size() > 0 && !dialogue_.book.copying_in()) {
    std::string flush;
    wire::append_flush(flush);
    if (co_await ends_.server->write(flush) != Io::Ok) co_return false;
  }
  while (dialogue_.book.size() > 0 && !dialogue_.book.copying_in() && !ends_.server_gone)
    co_await ends_.answered.sleep();
  co_return !ends_.server_gone;
}

/// The same after the log-in, before anything is relayed: the gateway reads the answer itself.
Task<Errands::Outcome> Errands::run_at_login(std::string sql, std::chrono::nanoseconds time) {
  bool late = false;
  Timer deadline([&] { late = true, ends_.server->cancel(Io::Timeout); });
  deadline.arm(ends_.loop().timers(), time);
  std::string message;
  wire::append_query(message, sql);
  if (co_await ends_.server->write(message) != Io::Ok)
    co_return late ? Outcome{.late = true} : Outcome{.error = gone()};
  std::optional<wire::ErrorFields> error;
  for (;;) {
    const std::string_view frame = co_await login_frame(*ends_.from_server, wire::Sender::Server);
    if (frame.empty()) co_return late ? Outcome{.late = true} : Outcome{.error = gone()};
    const char type = frame.front();
    const std::string_view body = frame.substr(wire::kHeaderBytes);
    if (type == 'E') error = fields_of(body);
    std::string news;
    if (type == 'S') {
      if (const auto status = wire::decode_parameter_status(body))
        dialogue_.on_parameter(status->name, status->value);
      news = frame;
    }
    ends_.from_server->consume(frame.size());
    if (!news.empty() && co_await ends_.client->write(news) != Io::Ok)
      co_return late ? Outcome{.late = true} : Outcome{.error = gone()};
    if (type == 'Z') co_return Outcome{.error = std::move(error)};
  }
}

}  // namespace signalbox::proxy
