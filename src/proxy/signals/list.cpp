// The list. A detector is declared here and defined in the file named after it.
#include "proxy/signals/list.h"

#include <array>
#include <vector>

#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::proxy {

#define SIGNALBOX_DETECTORS(DETECTOR) \
  DETECTOR(kAuthenticationFailure)    \
  DETECTOR(kClientFingerprint)        \
  DETECTOR(kDangerous)                \
  DETECTOR(kInjection)                \
  DETECTOR(kProtocolViolation)        \
  DETECTOR(kRate)                     \
  DETECTOR(kResultSize)               \
  DETECTOR(kStatementClass)           \
  DETECTOR(kTransactionAge)           \
  DETECTOR(kUnusualStatement)

#define DECLARE(detector) extern const Detector detector;
SIGNALBOX_DETECTORS(DECLARE)
#undef DECLARE

std::span<const Detector* const> detectors() {
#define ADDRESS(detector) &detector,
  static constexpr auto kAll = std::to_array<const Detector*>({SIGNALBOX_DETECTORS(ADDRESS)});
#undef ADDRESS
  return kAll;
}

namespace {

/// By name; of two with one name the later stands.
policy::Value raised_by_plugins(const EventView& view, policy::Arena& arena) {
  if (view.event().raised == nullptr || view.event().raised->empty()) return policy::Value::undefined();
  policy::ObjectBuilder object(arena);
  for (const RaisedSignal& one : *view.event().raised) {
    const auto signal = policy::parse_json(arena, one.json);
    if (signal && signal->is_object()) object.add(one.name, *signal);
  }
  return object.finish();
}

}  // namespace

std::span<const Fact> signal_facts() {
  static const std::vector<Fact> all = [] {
    std::vector<Fact> rows = {
        {.path = "signals.plugin", .depends_on = DependsOn::Moment, .compute = raised_by_plugins}};
    for (const Detector* one : detectors())
      rows.push_back({.path = one->path, .depends_on = one->depends_on, .compute = one->signal});
    return rows;
  }();
  return all;
}

}  // namespace signalbox::proxy
