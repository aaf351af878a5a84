// The meta-schemas that may be referred to without loading anything.
#pragma once

#include <span>
#include <string_view>

#include "policy/schema/json_schema.h"

namespace signalbox::policy::schema {

struct MetaSchema {
  Draft draft;
  std::string_view url;  ///< without a fragment
  std::string_view text;
};

std::span<const MetaSchema> meta_schemas();

}  // namespace signalbox::policy::schema
