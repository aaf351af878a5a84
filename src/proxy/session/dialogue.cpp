// The state of a conversation, and events made of it.
#include "proxy/session/dialogue.h"

#include <algorithm>
#include <utility>

#include "proxy/hooks/decider.h"
#include "proxy/worker.h"

namespace signalbox::proxy {

Dialogue::Dialogue(std::shared_ptr<const Settings> given, Catalogs& catalogs, MetricsShard* metrics)
    : settings(std::move(given)),
      statements(settings->options.memory.session_statement_bytes, metrics),
      names(*settings, catalogs, session, server) {}

Event Dialogue::event_of(actions::Hook hook) const {
  Event event;
  event.hook = hook;
  event.gateway = &settings->facts;
  event.client = &client;
  event.session = hook == actions::Hook::Connecting ? nullptr : &session;
  event.server = has_server ? &server : nullptr;
  event.catalog = names.catalog();
  return event;
}

void Dialogue::show(Decider& decider, Sight sight, actions::Hook hook) const {
  if (decider.watches(sight)) decider.see(sight, event_of(hook));
}

std::string_view Dialogue::parameter(std::string_view name) const {
  for (const auto& [known, value] : session.parameters) {
    if (known == name) return value;
  }
  return {};
}

void Dialogue::on_parameter(std::string_view name, std::string_view value) {
  if (name == "application_name") session.application_name = value;
  if (name == "server_version") server.version = value;
  ++session.generation;
  const auto known = std::ranges::find(session.parameters, name,
                                       [](const auto& one) { return std::string_view(one.first); });
  if (known == session.parameters.end()) {
    session.parameters.emplace_back(name, value);
  } else {
    known->second = value;
  }
  names.on_parameter(name, value);
}

void Dialogue::on_ready(std::int64_t now_ns, const Clock& clock) {
  idle_since_ns = now_ns;
  const Transaction before = std::exchange(session.transaction, book.transaction());
  const bool ended = session.transaction == Transaction::Idle;
  if (before == Transaction::Idle && !ended) session.transaction_since_ns = clock.wall_ns();
  if (ended) statements.transaction_ended(), names.transaction_ended();
  if (book.at_rest()) names.rested();
  footprint.answered(now_ns, ended);
}

std::unique_ptr<Companion> Dialogue::new_companion() {
  if (!spare_) return std::make_unique<Companion>();
  spare_->clear();
  return std::move(spare_);
}

}  // namespace signalbox::proxy
