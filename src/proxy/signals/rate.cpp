// rate: statements of a user, and of a client's address, in the last second and minute. The statement that is
// decided counts as one of them; a refused one has been sent too. A statement prepared earlier counts each
// time that it is bound.
#include <string>

#include "policy/value/builder.h"
#include "proxy/signals/aging_map.h"
#include "proxy/signals/list.h"
#include "proxy/signals/window.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMostNames = 4096;
constexpr std::chrono::seconds kSecond{1};
constexpr std::chrono::minutes kMinute{1};

struct Count {
  Window second;
  Window minute;

  void add(std::int64_t now_ns) {
    second.add(kSecond, now_ns);
    minute.add(kMinute, now_ns);
  }
};

class Memory final : public DetectorMemory {
 public:
  void see(Sight, const Event& event) override {
    if (event.session != nullptr) users_.at(event.session->user).add(event.time_ns);
    if (event.client != nullptr) addresses_.at(event.client->address).add(event.time_ns);
  }

  policy::Value signal(const Event& event, policy::Arena& arena) const override {
    if (event.session == nullptr || event.query == nullptr) return policy::Value::undefined();
    const bool asks = event.response == nullptr;  // an answered statement has been counted
    const Count* user = users_.find(event.session->user);
    const Count* address = event.client == nullptr ? nullptr : addresses_.find(event.client->address);
    policy::ObjectBuilder object(arena);
    const auto add = [&](std::string_view name, const Window* window, std::chrono::nanoseconds length) {
      const std::uint64_t before = window == nullptr ? 0 : window->count(length, event.time_ns);
      object.add(name, policy::Value::integer(static_cast<std::int64_t>(before + (asks ? 1 : 0))));
    };
    add("value", user == nullptr ? nullptr : &user->second, kSecond);
    add("minute", user == nullptr ? nullptr : &user->minute, kMinute);
    add("address", address == nullptr ? nullptr : &address->second, kSecond);
    add("address_minute", address == nullptr ? nullptr : &address->minute, kMinute);
    return object.finish();
  }

 private:
  AgingMap<Count> users_{kMostNames};
  AgingMap<Count> addresses_{kMostNames};
};

}  // namespace

extern const Detector kRate;
const Detector kRate{
    .name = "rate",
    .path = "signals.rate",
    .summary = "How many statements a user, and a client's address, have sent lately.",
    .raised = "with every statement",
    .schema = R"({
  "type": "object",
  "properties": {
    "value": {"type": "integer", "description": "statements of the session's user in the last second"},
    "minute": {"type": "integer", "description": "the same in the last minute"},
    "address": {"type": "integer", "description": "statements from the client's address in the last second"},
    "address_minute": {"type": "integer", "description": "the same in the last minute"}
  }
})",
    .depends_on = DependsOn::Moment,
    .signal = [](const EventView& view, policy::Arena& arena) { return remembered(kRate, view, arena); },
    .sights = {Sight::Permitted, Sight::Refused},
    .memory = []() -> std::unique_ptr<DetectorMemory> { return std::make_unique<Memory>(); },
    .bounds = "4,096 users and as many addresses; those that have been quiet longest are forgotten first"};

}  // namespace signalbox::proxy
