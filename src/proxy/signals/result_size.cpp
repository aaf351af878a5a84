// result_size: how much a user has been sent in the last minute. One large answer may be somebody's report;
// the sum tells who is carrying a table away, in however many pieces.
#include "policy/value/builder.h"
#include "proxy/signals/aging_map.h"
#include "proxy/signals/list.h"
#include "proxy/signals/window.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMostUsers = 4096;
constexpr std::chrono::minutes kMinute{1};

struct Sent {
  Window rows;
  Window bytes;
};

class Memory final : public DetectorMemory {
 public:
  void see(Sight, const Event& event) override {
    if (event.session == nullptr || event.response == nullptr) return;
    Sent& sent = users_.at(event.session->user);
    sent.rows.add(kMinute, event.time_ns, event.response->rows);
    sent.bytes.add(kMinute, event.time_ns, event.response->bytes);
  }

  policy::Value signal(const Event& event, policy::Arena& arena) const override {
    const Sent* sent = event.session == nullptr ? nullptr : users_.find(event.session->user);
    if (sent == nullptr) return policy::Value::undefined();
    const auto count = [&](const Window& window) {
      return policy::Value::integer(static_cast<std::int64_t>(window.count(kMinute, event.time_ns)));
    };
    policy::ObjectBuilder object(arena);
    object.add("value", count(sent->rows));
    object.add("bytes", count(sent->bytes));
    if (event.response != nullptr)
      object.add("answer", policy::Value::integer(static_cast<std::int64_t>(event.response->rows)));
    return object.finish();
  }

 private:
  AgingMap<Sent> users_{kMostUsers};
};

}  // namespace

extern const Detector kResultSize;
const Detector kResultSize{
    .name = "result_size",
    .path = "signals.result_size",
    .summary = "How much a user has been sent in the last minute, over all of the user's sessions.",
    .raised =
        "at every hook of a session whose user has been answered; at `traffic_from_server` the answer at "
        "hand is "
        "part of it",
    .schema = R"({
  "type": "object",
  "properties": {
    "value": {"type": "integer", "description": "rows in the last minute"},
    "bytes": {"type": "integer", "description": "bytes of answers in the last minute"},
    "answer": {"type": "integer", "description": "rows of the answer at hand; only where there is one"}
  }
})",
    .depends_on = DependsOn::Moment,
    .signal = [](const EventView& view,
                 policy::Arena& arena) { return remembered(kResultSize, view, arena); },
    .sights = {Sight::Answered},
    .memory = []() -> std::unique_ptr<DetectorMemory> { return std::make_unique<Memory>(); },
    .bounds = "4,096 users; those that have been quiet longest are forgotten first"};

}  // namespace signalbox::proxy
