// The JSON Schema that policies' reads of `input` are checked against. Its source is rules/schema/input.json.
#pragma once

#include <string_view>

namespace signalbox::app {

std::string_view input_schema();

}  // namespace signalbox::app
