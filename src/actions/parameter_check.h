// One value of a parameter against its specification, and how values and hooks are named in diagnostics.
// Internal to the room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actions/spec.h"
#include "policy/value/value.h"

namespace signalbox::actions {

enum class Fault : std::uint8_t { None, Type, Choice, Range, Form };

Fault fault_of(const ParameterSpec& spec, const policy::Value& value);
/// "must be ...": what the value should have been.
std::string wording(const ParameterSpec& spec, Fault fault);

std::vector<std::string_view> names_of(HookSet hooks);
/// A text as it is, anything else as JSON.
std::string text_of(const policy::Value& value);

}  // namespace signalbox::actions
