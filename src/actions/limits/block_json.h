// A block as JSON: in the file that survives a restart, and where gateways share their blocks.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "actions/limits/block_list.h"

namespace signalbox::actions {

nlohmann::json to_json(const Block& block);
/// Nothing when it is none.
std::optional<Block> block_from(const nlohmann::json& json);

}  // namespace signalbox::actions
