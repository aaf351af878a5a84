// Base documents: data.json and data.yaml files, each laid at its folder, merged into one object.
#pragma once

#include <string_view>

#include "base/diagnostic.h"
#include "policy/value/value.h"

namespace signalbox::policy {

struct DataFile {
  std::string_view path;  ///< "a/b/data.json" is data.a.b; no folder is data itself
  std::string_view text;
  std::string_view shown = {};  ///< how diagnostics name it; empty = by its path
};

/// True for data.json, data.yaml and data.yml in any folder.
bool is_data_file(std::string_view path);

/// The merged object, in `arena`. Two files that give one place different values are an error, as in OPA.
Value merge_base_documents(Arena& arena, std::span<const DataFile> files, Diagnostics& diagnostics);

}  // namespace signalbox::policy
