// transaction_age: how long the session's transaction has been open. Long ones hold locks and keep VACUUM
// from its work. An idle session has no events, so a transaction that only waits is seen at its next
// statement.
#include <algorithm>

#include "policy/value/builder.h"
#include "proxy/signals/list.h"

namespace signalbox::proxy {
namespace {

policy::Value signal(const EventView& view, policy::Arena& arena) {
  const Event& event = view.event();
  if (event.session == nullptr || event.session->transaction == Transaction::Idle ||
      event.session->transaction_since_ns == 0)
    return policy::Value::undefined();
  constexpr std::int64_t kMillisecond = 1'000'000;
  policy::ObjectBuilder object(arena);
  object.add("value", policy::Value::integer(std::max<std::int64_t>(
                          0, (event.time_ns - event.session->transaction_since_ns) / kMillisecond)));
  object.add("failed", policy::Value::boolean(event.session->transaction == Transaction::Failed));
  return object.finish();
}

}  // namespace

extern const Detector kTransactionAge;
const Detector kTransactionAge{.name = "transaction_age",
                               .path = "signals.transaction_age",
                               .summary = "How long the session's transaction has been open.",
                               .raised = "at every hook of a session within a transaction",
                               .schema = R"({
  "type": "object",
  "properties": {
    "value": {"type": "integer", "description": "milliseconds"},
    "failed": {"type": "boolean", "description": "a statement of it has failed, so that it can only be rolled back"}
  }
})",
                               .depends_on = DependsOn::Moment,
                               .signal = signal};

}  // namespace signalbox::proxy
