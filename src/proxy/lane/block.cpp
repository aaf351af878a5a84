// block: an entry in the list that every session is checked against. The refusal here and now is its verdict.
#include <fmt/format.h>

#include "proxy/lane/lane.h"
#include "sql/digest.h"

namespace signalbox::proxy {
namespace {

actions::BlockKind kind_of(std::string_view by) {
  if (by == "user") return actions::BlockKind::User;
  return by == "fingerprint" ? actions::BlockKind::Fingerprint : actions::BlockKind::Address;
}

/// What the event itself has of this kind.
std::string own_value(const LaneCall& call, actions::BlockKind kind) {
  const Event& event = call.event;
  switch (kind) {
    case actions::BlockKind::Address: return event.client != nullptr ? event.client->address : std::string();
    case actions::BlockKind::User: return event.session != nullptr ? event.session->user : std::string();
    case actions::BlockKind::Fingerprint:
      if (event.statement != nullptr) return sql::fingerprint(event.statement->text);
      return event.query != nullptr ? sql::fingerprint(event.query->text) : std::string();
  }
  return {};
}

}  // namespace

Task<LaneOutcome> run_block(LaneCall call) {
  LaneServices shared = call.host.services();
  actions::Block block;
  block.kind = kind_of(call.with.text_or("by", "address"));
  block.value = call.with.has("value") ? call.with.text_or("value", "") : own_value(call, block.kind);
  const auto prefix = call.with.integer("prefix");
  if (prefix && block.kind == actions::BlockKind::Address && block.value.find('/') == std::string::npos)
    block.value += fmt::format("/{}", *prefix);
  block.created_ns = shared.clock.wall_ns();
  if (const auto time = call.with.duration("for"))
    block.until_ns = block.created_ns + std::chrono::nanoseconds(*time).count();
  block.reason = call.with.text_or("reason", "");
  block.source = call.request.policy + "/" + call.request.rule;
  const std::string said = fmt::format("{} {}", actions::name(block.kind), block.value);
  if (auto added = shared.blocks.add(std::move(block)); !added)
    co_return LaneOutcome{.failed = added.error().message};
  shared.metrics.add(Counter::BlocksMade);
  co_return LaneOutcome{.said = said};
}

}  // namespace signalbox::proxy
