// JsonInput: walks the document along the path.
#include "policy/input.h"

namespace signalbox::policy {

Value Input::at_path(const InputPath&, Arena&) const {
  return Value::undefined();
}

Value JsonInput::at_path(const InputPath& path, Arena&) const {
  Value at = document_;
  for (const auto& key : path) at = at.at(std::string_view(key));
  return at;
}

Value JsonInput::at(std::uint32_t slot, Arena& arena) const {
  return at_path(paths_[slot], arena);
}

}  // namespace signalbox::policy
