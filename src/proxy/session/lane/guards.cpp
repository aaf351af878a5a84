// A text is taken apart and held against pins and blocks.
//
// The surprise: pinned at startup, a parameter may be RESET. What RESET and DISCARD ALL go back to is the
// value of the startup packet, and that is the pinned one.
#include "proxy/session/lane/guards.h"

#include <algorithm>

#include "proxy/session/judge/settings.h"
#include "proxy/wire/options.h"
#include "proxy/wire/requests.h"
#include "proxy/wire/startup.h"
#include "sql/digest.h"

namespace signalbox::proxy {
namespace {

/// Takes the place of an ignored SET or RESET: the same answer, and nothing that anybody reads.
constexpr std::string_view kNothingSet = "SET signalbox.ignored TO ''";
constexpr std::string_view kNothingReset = "RESET signalbox.ignored";

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

bool Guards::watch(char type) const {
  if (type == 'B') return lane_ && lane_->late_pins;
  if (type != 'Q' && type != 'P') return false;
  return (lane_ && !lane_->pins.empty()) || ends_.worker.shared().blocks.has_fingerprints();
}

std::optional<Stop> Guards::check(const wire::FrameHeader& header, std::string_view body, AtHand& at_hand) {
  const auto stop = look(header, body, at_hand);
  if (stop == Stop::Refused) ends_.metrics().add(Counter::StatementsRefused);
  return stop;
}

std::optional<Stop> Guards::look(const wire::FrameHeader& header, std::string_view body, AtHand& at_hand) {
  Query query;
  std::shared_ptr<PreparedText> prepared;
  if (header.type == 'B') {
    const auto names = wire::decode_bind_names(body);
    prepared = names ? dialogue_.statements.of_statement(names->statement) : nullptr;
    if (!prepared) return std::nullopt;
    if (!prepared->known) return at_hand.refuse(lane_->pins.front().refusal);
    query.text = prepared->text;
    query.protocol = QueryProtocol::Extended;
    query.prepared = prepared->named();
  } else {
    wire::BodyReader reader(body);
    if (header.type == 'P') query.statement = reader.name();
    query.text = reader.text();
    query.protocol = header.type == 'P' ? QueryProtocol::Extended : QueryProtocol::Simple;
    if (depends_on_settings(query.text)) {
      if (const auto stop = await_settings(dialogue_.book)) return stop;
    }
  }
  Event event = dialogue_.event_of(actions::Hook::TrafficFromClient);
  event.query = &query;
  event.names = &dialogue_.statements;
  const QueryStatements statements(event);
  if (auto refusal = blocked(statements)) return at_hand.refuse(std::move(*refusal));
  return lane_ ? keep_pins(header, body, statements, at_hand) : std::nullopt;
}

std::optional<Refusal> Guards::blocked(const QueryStatements& statements) const {
  const actions::BlockList& blocks = ends_.worker.shared().blocks;
  if (!blocks.has_fingerprints()) return std::nullopt;
  const std::int64_t now_ns = ends_.decider().wall_ns();
  for (const QueryStatement& statement : statements.all()) {
    if (!blocks.find({}, {}, sql::fingerprint(statement.text), now_ns)) continue;
    ends_.metrics().add(Counter::BlocksRefused);
    return make_refusal("42501", "this statement is blocked");
  }
  return std::nullopt;
}

std::optional<Stop> Guards::keep_pins(const wire::FrameHeader& header, std::string_view body,
                                      const QueryStatements& statements, AtHand& at_hand) {
  std::vector<const sql::StatementFacts*> ignored;
  for (const QueryStatement& statement : statements.all()) {
    if (statement.facts == nullptr) continue;
    for (const Pin& pin : lane_->pins) {
      if (!breaks_pin(*statement.facts, pin)) continue;
      if (!pin.ignores || !can_be_ignored(*statement.facts) || header.type == 'B')
        return at_hand.refuse(pin.refusal);
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
  at_hand.replacement.clear();
  if (header.type == 'Q') {
    wire::append_query(at_hand.replacement, text);
  } else {
    wire::append_parse(at_hand.replacement, name, text);
  }
  return Stop::Replaced;
}

// ---- the startup packet

void Guards::set_at_startup(std::string_view name, std::string_view value) {
  lane_.made().given.emplace_back(name);
  edit_startup([&](wire::NamedValues& parameters) {
    std::erase_if(parameters, [&](const auto& one) { return lower(one.first) == name; });
    parameters.emplace_back(name, value);
  });
}

template <class Edit>
void Guards::edit_startup(Edit edit) {
  auto packet = wire::parse_startup(ends_.startup);
  auto* startup = packet ? std::get_if<wire::Startup>(&*packet) : nullptr;
  if (startup == nullptr) return;
  edit(startup->parameters);
  ends_.startup = wire::encode(*startup);
  dialogue_.session.parameters = startup->effective();
  dialogue_.names.begin();
  ++dialogue_.session.generation;
}

std::optional<Refusal> Guards::pin(Pin pin) {
  LaneState& state = lane_.made();
  std::optional<Refusal> refusal;
  if (ends_.phase != Phase::Active && !ends_.server) {
    refusal = pin_startup(pin);
  } else {
    state.late_pins = true;
  }
  std::erase_if(state.pins, [&](const Pin& one) { return one.name == pin.name; });
  state.pins.push_back(std::move(pin));
  return refusal;
}

/// A parameter may come by itself, or within `options`.
std::optional<Refusal> Guards::pin_startup(const Pin& pin) {
  const bool given = std::ranges::find(lane_->given, pin.name) != lane_->given.end();
  std::optional<Refusal> refusal;
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
  return refusal;
}

}  // namespace signalbox::proxy
