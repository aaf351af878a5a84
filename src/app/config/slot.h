// Values in and out of slots: text to a typed member, and back.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "app/config/key.h"

namespace signalbox::app {

/// Stores a scalar's text in the slot. The error says what would have been right ("a duration such as 30s").
/// Lists and maps are not scalars: see store(Words), store(Labels) on the slot's alternative.
std::expected<void, std::string> store(const Key& key, std::string_view text);

/// The slot's value as it would be written; a secret that is set prints as "********".
std::string written(const Slot& slot);

/// Whether two slots of one type hold the same value; secrets are compared by content.
bool same(const Slot& a, const Slot& b);

}  // namespace signalbox::app
