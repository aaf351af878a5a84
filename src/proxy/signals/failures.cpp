// Counting by two keys. A connection that has not told its user yet counts for its address alone.
#include "proxy/signals/failures.h"

#include "policy/value/builder.h"

namespace signalbox::proxy {

void Failures::see(Sight, const Event& event) {
  if (event.client != nullptr) addresses_.at(event.client->address).add(window_, event.time_ns);
  if (event.session != nullptr && !event.session->user.empty())
    users_.at(event.session->user).add(window_, event.time_ns);
}

policy::Value Failures::signal(const Event& event, policy::Arena& arena) const {
  const Window* address = event.client == nullptr ? nullptr : addresses_.find(event.client->address);
  const Window* user = event.session == nullptr ? nullptr : users_.find(event.session->user);
  const std::uint64_t of_address = address == nullptr ? 0 : address->count(window_, event.time_ns);
  const std::uint64_t of_user = user == nullptr ? 0 : user->count(window_, event.time_ns);
  if (of_address == 0 && of_user == 0) return policy::Value::undefined();
  policy::ObjectBuilder object(arena);
  object.add("value", policy::Value::integer(static_cast<std::int64_t>(of_address)));
  object.add("user", policy::Value::integer(static_cast<std::int64_t>(of_user)));
  return object.finish();
}

}  // namespace signalbox::proxy
