// Base documents: data.json and data.yaml files, each laid at its folder, merged into one object.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// Those of the files, SourceFiles or their like, which must outlive what is returned.
template <class Files>
std::vector<DataFile> data_files_of(const Files& files) {
  std::vector<DataFile> out;
  for (const auto& file : files)
    if (is_data_file(file.path)) out.push_back({file.path, file.text, file.shown});
  return out;
}

/// A data file as it was read. Immutable; shared by all sets that hold the same text at the same path.
struct BaseDocument {
  std::string path;
  std::array<unsigned char, 32> digest;  ///< SHA-256 of the text
  Arena memory{1 << 16};
  Value value;
};

/// All base documents of a set, merged into one object. The merged object shares the documents' own values:
/// only the objects in which files meet are its own.
struct BaseDocuments {
  std::vector<std::shared_ptr<const BaseDocument>> documents;
  Arena memory{1024};
  Value whole;

  std::size_t bytes() const;
};

/// The merged object alone, in `arena`.
Value merge_base_documents(Arena& arena, std::span<const DataFile> files, Diagnostics& diagnostics);

/// What a reference such as data.list["0"] finds in a base document: keys are compared as text, as OPA's
/// store compares them, so that "0" is an index of an array and 1 is the key "1" of an object.
Value base_document_at(const Value& document, const Value& key);

/// Reads and merges. Files that `before` holds with the same text are not read again but shared with it; it
/// may be null. Two files that give one place different values are an error, as in OPA.
BaseDocuments read_base_documents(std::span<const DataFile> files, const BaseDocuments* before,
                                  Diagnostics& diagnostics);

}  // namespace signalbox::policy
