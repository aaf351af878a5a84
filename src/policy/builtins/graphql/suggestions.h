// "Did you mean ...?" of GraphQL complaints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/builtins/graphql/schema.h"

namespace signalbox::policy::graphql {

enum class Quoting : std::uint8_t { Quoted, Unquoted };

/// " Did you mean "a" or "b"?", or nothing when no candidate is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                         Quoting quoting, std::string_view prefix = "Did you mean");
std::string did_you_mean_types(const Schema& schema, std::string_view word);
/// For an unknown field: types that have it when `parent` is abstract, otherwise fields with a similar name.
std::string did_you_mean_field(const Schema& schema, const Definition& parent, std::string_view field);

std::vector<std::string_view> names_of(std::span<const Value> nodes);

}  // namespace signalbox::policy::graphql
