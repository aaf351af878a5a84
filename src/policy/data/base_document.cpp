// Base documents: each file's value is wrapped in its folders, then merged object by object.
#include "policy/data/base_document.h"

#include <string>
#include <vector>

#include "policy/data/yaml.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

std::string_view file_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::vector<std::string_view> folders(std::string_view path) {
  std::vector<std::string_view> out;
  std::size_t from = 0;
  for (std::size_t slash; (slash = path.find('/', from)) != std::string_view::npos; from = slash + 1) {
    const std::string_view part = path.substr(from, slash - from);
    if (!part.empty() && part != ".") out.push_back(part);
  }
  return out;
}

class Merger {
 public:
  explicit Merger(Arena& arena) : arena_(arena) {}

  /// Undefined: the documents disagree at place().
  Value merge(const Value& a, const Value& b) {
    if (!a.is_object() || !b.is_object()) return a == b ? a : Value();
    ObjectBuilder out(arena_);
    for (const Pair& pair : a.as_object()) {
      Value value = pair.value;
      if (const Value other = b.at(pair.key)) {
        value = merge(value, other);
        if (!value) {
          place_ = "." + std::string(pair.key.as_string()) + place_;
          return {};
        }
      }
      out.add(pair.key, value);
    }
    for (const Pair& pair : b.as_object()) {
      if (!a.at(pair.key)) out.add(pair.key, pair.value);
    }
    return out.finish();
  }
  std::string place() const { return "data" + place_; }

 private:
  Arena& arena_;
  std::string place_;
};

void complain(Diagnostics& diagnostics, const DataFile& file, std::string message, std::uint32_t row,
              std::uint32_t col) {
  Diagnostic d;
  d.code = "data_error";
  d.message = std::move(message);
  d.at = {std::string(file.shown.empty() ? file.path : file.shown), row, col};
  d.source_line = line_of(file.text, row);
  diagnostics.push_back(std::move(d));
}

}  // namespace

bool is_data_file(std::string_view path) {
  const std::string_view name = file_name(path);
  return name == "data.json" || name == "data.yaml" || name == "data.yml";
}

Value merge_base_documents(Arena& arena, std::span<const DataFile> files, Diagnostics& diagnostics) {
  Value whole = kEmptyObject;
  for (const DataFile& file : files) {
    const auto read =
        file.path.ends_with(".json") ? parse_json(arena, file.text) : parse_yaml(arena, file.text);
    if (!read) {
      complain(diagnostics, file, read.error().message, read.error().row, read.error().col);
      continue;
    }
    Value document = *read;
    const auto path = folders(file.path);
    if (path.empty() && !document.is_object()) {
      complain(diagnostics, file, "the root document must be an object", 1, 1);
      continue;
    }
    for (std::size_t i = path.size(); i-- > 0;) {
      const Pair pair{copy_string(arena, path[i]), document};
      document = make_object(arena, {&pair, 1});
    }
    Merger merger(arena);
    if (const Value merged = merger.merge(whole, document)) {
      whole = merged;
    } else {
      complain(diagnostics, file, merger.place() + " has another value in another data file", 1, 1);
    }
  }
  return whole;
}

}  // namespace signalbox::policy
