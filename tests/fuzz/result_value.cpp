// What a job brings back (a webhook's answer, a script's result) as input.result: any bytes are a value or
// undefined, whole and by path, and what is a value prints as JSON again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "policy/value/json.h"
#include "proxy/hooks/event_input.h"

using namespace signalbox;
using namespace signalbox::proxy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ResultFacts facts{
      .job = "j", .action = "webhook", .ok = true, .value_json = bytes, .error = bytes, .attempts = 1};
  Event event;
  event.hook = actions::Hook::ActionResult;
  event.result = &facts;
  const EventView view(event);
  const std::vector<BoundPath> slots = {bind_path({"result"}), bind_path({"result", "value", "a", "b"}),
                                        bind_path({})};
  const EventInput input(view, slots);
  for (std::uint32_t slot = 0; slot < slots.size(); ++slot) {
    policy::Arena arena;
    const policy::Value value = input.at(slot, arena);
    if (!value) continue;
    const std::string text = policy::to_json(value);
    policy::Arena again;
    if (!policy::parse_json(again, text, {.max_depth = 4096})) std::abort();
  }
  std::string out;
  input.append_json("result.value", out);
  return 0;
}
