// Any bytes as JSON: reading ends; what is read prints to text that reads back equal and prints the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/value/json.h"

using namespace signalbox::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Arena arena;
  const auto value = parse_json(arena, {reinterpret_cast<const char*>(data), size});
  if (!value) return value.error().offset <= size ? 0 : (std::abort(), 0);
  const std::string text = to_json(*value);
  Arena second;
  const auto again = parse_json(second, text);
  if (!again || !(*again == *value) || to_json(*again) != text || hash(*again) != hash(*value)) std::abort();
  const auto pretty = parse_json(second, to_json_pretty(*value));
  if (!pretty || compare(*pretty, *value) != 0) std::abort();
  return 0;
}
