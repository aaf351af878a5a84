// Fact: one row of the table of what policies may read of an event: its path below `input`, how to compute
// it, and what it depends on. The table is the only place that knows the input document's shape.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "policy/value/value.h"
#include "proxy/hooks/event.h"

namespace signalbox::proxy {

/// An event while it is being decided.
class EventView {
 public:
  explicit EventView(const Event& event) : event_(event) {}
  const Event& event() const { return event_; }

 private:
  const Event& event_;
};

/// What a fact is derived from, which says whether a decision that read it may be remembered.
enum class DependsOn : std::uint8_t {
  Gateway,      ///< the configuration: constant
  Session,      ///< attributes that change with SessionFacts::generation
  Transaction,  ///< the transaction status
  Shape,        ///< the statement's text, whatever its integer constants are, and its protocol (and the
                ///< session's settings that change its meaning)
  Text,         ///< the exact text
  Parameters,   ///< bound values as well
  Moment,       ///< anything else: time, counters, this very message
};

struct Fact {
  std::string_view path;  ///< "query.kind"
  DependsOn depends_on;
  /// Undefined when the event has no such fact.
  policy::Value (*compute)(const EventView& view, policy::Arena& arena);
  /// Of a collection: the one member of its elements that depends on bound values; the rest of it depends on
  /// what `depends_on` says. Empty: there is none.
  std::string_view bound_member = {};
};

/// Sorted by path; no row is a prefix of another.
std::span<const Fact> facts();

/// The rows of one group, in the file named after it.
std::span<const Fact> connection_facts();
std::span<const Fact> query_facts();
std::span<const Fact> response_facts();
std::span<const Fact> signal_facts();  // one for each detector, proxy/signals/list.cpp

}  // namespace signalbox::proxy
