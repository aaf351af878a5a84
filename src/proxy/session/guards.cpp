// What earlier actions have left behind for later messages to meet: parameters that are pinned, statements
// and clients that are blocked.
//
// The surprise: pinned at startup, a parameter may be RESET. What RESET and DISCARD ALL go back to is the
// value of the startup packet, and that is the pinned one.
#include <algorithm>

#include "proxy/hooks/query_statements.h"
#include "proxy/lane/lane.h"
#include "proxy/lane/state.h"
#include "proxy/session/session.h"
#include "proxy/wire/options.h"
#include "proxy/wire/requests.h"
#include "proxy/wire/startup.h"
#include "sql/digest.h"

namespace signalbox::proxy {
namespace {

/// Takes the place of an ignored SET or RESET: the same answer, and nothing that anybody reads.
constexpr std::string_view kNothingSet = "SET signalbox.ignored TO ''";
constexpr std::string_view kNothingReset = "RESET signalbox.ignored";
constexpr const char* kBlocked = "blocked";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool hides_settings(const sql::StatementFacts& facts) {
  constexpr std::string_view kHiding[] = {"do", "sql", "unknown", "bounded", "unparsed"};
  return std::ranges::any_of(facts.opaque, [&](std::string_view why) {
    return std::ranges::find(kHiding, why) != std::end(kHiding);
  });
}

/// Of this session, not of what will be run later or by others.
bool concerns_session(const sql::Setting& setting) {
  return setting.scope != "system" && setting.scope != "role" && setting.scope != "database";
}

bool changes(const sql::Setting& setting, const Pin& pin) {
  if (!concerns_session(setting)) return false;
  const bool resets = setting.value.kind == sql::Literal::Kind::Null || setting.name == "all";
  if (resets && pin.is_default) return false;
  return setting.name == pin.name || setting.name == "all" || setting.name.empty();
}

bool breaks_pin(const sql::StatementFacts& facts, const Pin& pin) {
  if (facts.kind == "discard_all" && !pin.is_default) return true;
  if (pin.refuses_hidden && hides_settings(facts)) return true;
  return std::ranges::any_of(facts.sets, [&](const sql::Setting& one) { return changes(one, pin); });
}

/// A SET or RESET by itself, which can be answered without being run.
bool can_be_ignored(const sql::StatementFacts& facts) {
  return facts.within.empty() && facts.sets.size() == 1 && (facts.kind == "set" || facts.kind == "reset");
}

}  // namespace

/// Something here looks at texts, also where no policy does.
bool Session::guards(char type) const {
  if (type == 'B') return lane_ && lane_->late_pins;
  if (type != 'Q' && type != 'P') return false;
  return (lane_ && !lane_->pins.empty()) || worker_.shared().blocks.has_fingerprints();
}

/// Query, Parse, Bind: whole. Why it may not pass as it is.
std::optional<Session::Stop> Session::guard(const wire::FrameHeader& header, std::string_view body) {
  Query query;
  std::shared_ptr<PreparedText> prepared;
  if (header.type == 'B') {
    const auto names = wire::decode_bind_names(body);
    prepared = names ? statements_.of_statement(names->statement) : nullptr;
    if (!prepared) return std::nullopt;
    if (!prepared->known) return refused(lane_->pins.front().refusal);
    query.text = prepared->text;
    query.protocol = QueryProtocol::Extended;
    query.prepared = prepared->named();
  } else {
    wire::BodyReader reader(body);
    if (header.type == 'P') query.statement = reader.name();
    query.text = reader.text();
    query.protocol = header.type == 'P' ? QueryProtocol::Extended : QueryProtocol::Simple;
  }
  Event event = event_of(actions::Hook::TrafficFromClient);
  event.query = &query;
  event.names = &statements_;
  const QueryStatements statements(event);
  if (auto refusal = blocked_statement(statements)) return refused(std::move(*refusal));
  return lane_ ? keep_pins(header, body, statements) : std::nullopt;
}

std::optional<Refusal> Session::blocked_statement(const QueryStatements& statements) {
  const actions::BlockList& blocks = worker_.shared().blocks;
  if (!blocks.has_fingerprints()) return std::nullopt;
  const std::int64_t now_ns = worker_.decider().wall_ns();
  for (const QueryStatement& statement : statements.all()) {
    if (!blocks.find({}, {}, sql::fingerprint(statement.text), now_ns)) continue;
    worker_.metrics().add(Counter::BlocksRefused);
    return make_refusal("42501", "this statement is blocked");
  }
  return std::nullopt;
}

/// Why this client may not be here; nothing when it may.
std::optional<Refusal> Session::blocked_client() {
  const actions::BlockList& blocks = worker_.shared().blocks;
  if (blocks.empty() || !blocks.find(client_facts_.address, facts_.user, {}, worker_.decider().wall_ns()))
    return std::nullopt;
  worker_.metrics().add(Counter::BlocksRefused);
  Refusal refusal = make_refusal("28000", kBlocked);
  refusal.verdict = actions::Verdict::Disconnect;
  refusal.fields.severity = "FATAL";
  return refusal;
}

void Session::end_if_blocked() {
  if (phase_ == Phase::Closing || turned_away_) return;
  if (auto refusal = blocked_client()) terminate(std::move(refusal->fields));
}

std::optional<Session::Stop> Session::keep_pins(const wire::FrameHeader& header, std::string_view body,
                                                const QueryStatements& statements) {
  std::vector<const sql::StatementFacts*> ignored;
  for (const QueryStatement& statement : statements.all()) {
    if (statement.facts == nullptr) continue;
    for (const Pin& pin : lane_->pins) {
      if (!breaks_pin(*statement.facts, pin)) continue;
      if (!pin.ignores || !can_be_ignored(*statement.facts) || header.type == 'B')
        return refused(pin.refusal);
      ignored.push_back(statement.facts);
      break;
    }
  }
  if (ignored.empty()) return std::nullopt;
  wire::BodyReader reader(body);
  const std::string_view name = header.type == 'P' ? reader.name() : std::string_view();
  std::string text(reader.text());
  for (auto facts = ignored.rbegin(); facts != ignored.rend(); ++facts) {
    text.replace((*facts)->offset, (*facts)->length, (*facts)->kind == "set" ? kNothingSet : kNothingReset);
  }
  replaced_.clear();
  if (header.type == 'Q') {
    wire::append_query(replaced_, text);
  } else {
    wire::append_parse(replaced_, name, text);
  }
  return Stop::Replaced;
}

/// The message at the front goes on as replaced_.
Task<bool> Session::send_replacement() {
  const std::string message = std::move(replaced_);
  const char type = message.front();
  const std::string_view body = std::string_view(message).substr(wire::kHeaderBytes);
  if (type == 'Q') ++facts_.queries, worker_.metrics().add(Counter::Statements);
  book_.sent(type == 'Q' ? Request::Query : Request::Parse, companion_of(type, body, true));
  acted_ = {};
  note_statement(type, body);
  if (!co_await swallow_request()) co_return false;
  from_client_.keep();
  co_return co_await server_->write(message) == Io::Ok;
}

// ---- the startup packet

void Session::set_at_startup(std::string_view name, std::string_view value) {
  lane().given.emplace_back(name);
  edit_startup([&](wire::NamedValues& parameters) {
    std::erase_if(parameters, [&](const auto& one) { return lower(one.first) == name; });
    parameters.emplace_back(name, value);
  });
}

template <class Edit>
void Session::edit_startup(Edit edit) {
  auto packet = wire::parse_startup(startup_);
  auto* startup = packet ? std::get_if<wire::Startup>(&*packet) : nullptr;
  if (startup == nullptr) return;
  edit(startup->parameters);
  startup_ = wire::encode(*startup);
  facts_.parameters = startup->parameters;
  ++facts_.generation;
}

/// At startup: what the client asks for there is refused or left out as well.
std::optional<Refusal> Session::pin(Pin pin) {
  std::optional<Refusal> refusal;
  if (phase_ != Phase::Active && !server_) {
    const bool given = std::ranges::find(lane().given, pin.name) != lane_->given.end();
    edit_startup([&](wire::NamedValues& parameters) {
      const auto named = [&](const auto& one) { return lower(one.first) == pin.name; };
      const bool asked = !given && std::ranges::any_of(parameters, named);
      if (asked && !pin.ignores) refusal = pin.refusal;
      if (asked) std::erase_if(parameters, named);
      for (auto& [name, value] : parameters) {
        if (name != "options") continue;
        auto settings = wire::parse_options(value);
        if (!settings && pin.refuses_hidden) refusal = pin.refusal;
        if (!settings || std::ranges::none_of(*settings, named)) continue;
        if (!pin.ignores) refusal = pin.refusal;
        std::erase_if(*settings, named);
        value = wire::format_options(*settings);
      }
    });
  } else {
    lane().late_pins = true;
  }
  std::erase_if(lane().pins, [&](const Pin& one) { return one.name == pin.name; });
  lane_->pins.push_back(std::move(pin));
  return refusal;
}

}  // namespace signalbox::proxy
