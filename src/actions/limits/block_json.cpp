// The names of the members are part of what gateways share.
#include "actions/limits/block_json.h"

#include <nlohmann/json.hpp>

namespace signalbox::actions {

nlohmann::json to_json(const Block& block) {
  return {{"kind", name(block.kind)},       {"value", block.value},   {"until_ns", block.until_ns},
          {"created_ns", block.created_ns}, {"reason", block.reason}, {"source", block.source}};
}

std::optional<Block> block_from(const nlohmann::json& json) {
  try {
    for (const auto kind : {BlockKind::Address, BlockKind::User, BlockKind::Fingerprint}) {
      if (name(kind) != json.at("kind").get<std::string>()) continue;
      return Block{kind,
                   json.at("value"),
                   json.at("until_ns"),
                   json.at("created_ns"),
                   json.at("reason"),
                   json.at("source")};
    }
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace signalbox::actions
