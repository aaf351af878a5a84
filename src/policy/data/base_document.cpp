// Base documents: each file's value is wrapped in its folders, then merged object by object. Reloading reads
// only the files that changed.
#include "policy/data/base_document.h"

#include <openssl/sha.h>

#include <algorithm>
#include <string>
#include <vector>

#include "policy/data/yaml.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"
#include "policy/value/number.h"

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
    if (a.size() == 0) return b;
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

std::shared_ptr<const BaseDocument> read_document(const DataFile& file, const BaseDocuments* before,
                                                  Diagnostics& diagnostics) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(file.text.data()), file.text.size(), digest.data());
  if (before != nullptr) {
    const auto same = [&](const auto& known) { return known->path == file.path && known->digest == digest; };
    const auto known = std::ranges::find_if(before->documents, same);
    if (known != before->documents.end()) return *known;
  }
  auto out = std::make_shared<BaseDocument>();
  const auto read =
      file.path.ends_with(".json") ? parse_json(out->memory, file.text) : parse_yaml(out->memory, file.text);
  if (!read) {
    complain(diagnostics, file, read.error().message, read.error().row, read.error().col);
    return nullptr;
  }
  out->path = file.path;
  out->digest = digest;
  out->value = *read;
  return out;
}

}  // namespace

bool is_data_file(std::string_view path) {
  const std::string_view name = file_name(path);
  return name == "data.json" || name == "data.yaml" || name == "data.yml";
}

namespace {

/// The index that a path names in text: "1", "+1", "01", "1.0"; -1 when it is none.
std::int64_t index_in_path(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) {
    const bool negative = text.front() == '-';
    text.remove_prefix(1);
    if (negative && text.find_first_not_of("0.") != std::string_view::npos) return -1;
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view zeros = text.substr(std::min(point + 1, text.size()));
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (point == 0 || point > 18 || !std::ranges::all_of(text.substr(0, point), digit) ||
      zeros.find_first_not_of('0') != std::string_view::npos)
    return -1;
  std::int64_t out = 0;
  for (const char c : text.substr(0, point)) out = out * 10 + (c - '0');
  return out;
}

}  // namespace

Value base_document_at(const Value& document, const Value& key) {
  if (const Value found = document.at(key)) return found;
  if (document.is_array() && key.is_string()) {
    return document.at(Value::integer(index_in_path(key.as_string())));
  }
  if (!document.is_object() || !key.is_number()) return {};
  std::string text;
  append_number(text, key);
  return document.at(std::string_view(text));
}

std::size_t BaseDocuments::bytes() const {
  std::size_t sum = memory.used();
  for (const auto& document : documents) sum += document->memory.used();
  return sum;
}

BaseDocuments read_base_documents(std::span<const DataFile> files, const BaseDocuments* before,
                                  Diagnostics& diagnostics) {
  BaseDocuments out;
  out.whole = kEmptyObject;
  for (const DataFile& file : files) {
    auto document = read_document(file, before, diagnostics);
    if (document == nullptr) continue;
    const auto path = folders(file.path);
    Value value = document->value;
    if (path.empty() && !value.is_object()) {
      complain(diagnostics, file, "the root document must be an object", 1, 1);
      continue;
    }
    for (std::size_t i = path.size(); i-- > 0;) {
      const Pair pair{copy_string(out.memory, path[i]), value};
      value = make_object(out.memory, {&pair, 1});
    }
    Merger merger(out.memory);
    if (const Value merged = merger.merge(out.whole, value)) {
      out.whole = merged;
    } else {
      complain(diagnostics, file, merger.place() + " has another value in another data file", 1, 1);
      if (!file.shown.empty() && !is_data_file(file.shown))
        diagnostics.back().hint = "a bundle's data are its data.json and data.yaml alone: read it with -b";
    }
    out.documents.push_back(std::move(document));
  }
  return out;
}

Value merge_base_documents(Arena& arena, std::span<const DataFile> files, Diagnostics& diagnostics) {
  return copy(arena, read_base_documents(files, nullptr, diagnostics).whole);
}

}  // namespace signalbox::policy
