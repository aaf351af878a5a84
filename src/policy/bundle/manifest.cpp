// The manifest: strict where a mistake would widen what a bundle may define, lenient about members that other
// versions of OPA add.
#include <fmt/format.h>

#include "policy/bundle/bundle.h"
#include "policy/value/json.h"
#include "policy/value/number.h"

namespace signalbox::policy {
namespace {

using Failure = std::unexpected<std::string>;

std::string trimmed(std::string_view root) {
  while (root.starts_with('/')) root.remove_prefix(1);
  while (root.ends_with('/')) root.remove_suffix(1);
  return std::string(root);
}

/// Whether path `a` is `b` or above it.
bool contains(std::string_view a, std::string_view b) {
  return a.empty() || a == b || (b.starts_with(a) && b[a.size()] == '/');
}

std::expected<std::vector<std::string>, std::string> roots_of(const Value& value) {
  if (!value.is_array()) return Failure("roots must be an array of strings");
  std::vector<std::string> out;
  for (const Value& root : value.as_array()) {
    if (!root.is_string()) return Failure("roots must be an array of strings");
    out.push_back(trimmed(root.as_string()));
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t j = i + 1; j < out.size(); ++j) {
      if (contains(out[i], out[j]) || contains(out[j], out[i]))
        return Failure(fmt::format("manifest has overlapped roots: '{}' and '{}'", out[i], out[j]));
    }
  }
  return out;
}

}  // namespace

std::expected<Manifest, std::string> manifest_from_json(std::string_view text) {
  Arena arena;
  const auto document = parse_json(arena, text);
  if (!document) return Failure(document.error().message);
  if (!document->is_object()) return Failure("the manifest must be an object");
  Manifest out;
  if (const Value revision = document->at("revision")) {
    if (!revision.is_string()) return Failure("revision must be a string");
    out.revision = revision.as_string();
  }
  if (const Value roots = document->at("roots")) {
    auto list = roots_of(roots);
    if (!list) return Failure(list.error());
    out.roots = std::move(*list);
  }
  const auto version_of = [](const Value& value) { return static_cast<int>(to_int64(value).value_or(-1)); };
  if (const Value version = document->at("rego_version")) {
    out.rego_version = version_of(version);
    if (*out.rego_version != 0 && *out.rego_version != 1) return Failure("rego_version must be 0 or 1");
  }
  if (const Value versions = document->at("file_rego_versions"); versions.is_object()) {
    for (const Pair& pair : versions.as_object()) {
      out.file_rego_versions[std::string(pair.key.as_string())] = version_of(pair.value);
    }
  }
  if (const Value metadata = document->at("metadata")) out.metadata = to_json(metadata);
  return out;
}

std::string to_json(const Manifest& manifest) {
  std::string out = R"({"revision":)" + to_json(Value::string(manifest.revision)) + R"(,"roots":[)";
  for (const std::string& root : manifest.roots) {
    if (!out.ends_with('[')) out += ',';
    out += to_json(Value::string(root));
  }
  out += ']';
  if (manifest.rego_version) out += fmt::format(R"(,"rego_version":{})", *manifest.rego_version);
  if (!manifest.file_rego_versions.empty()) {
    out += R"(,"file_rego_versions":{)";
    for (const auto& [file, version] : manifest.file_rego_versions) {
      if (!out.ends_with('{')) out += ',';
      out += fmt::format("{}:{}", to_json(Value::string(file)), version);
    }
    out += '}';
  }
  if (!manifest.metadata.empty()) out += R"(,"metadata":)" + manifest.metadata;
  return out + "}";
}

}  // namespace signalbox::policy
