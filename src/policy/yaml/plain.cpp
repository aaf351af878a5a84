// A thousand rules are a hundred thousand tokens; yaml-cpp's scanner takes longer for them than the compiler
// for the rules. libyaml's scanner does not.
//
// Surprise: the two count columns differently beyond ASCII, complain differently, and place an empty item of
// a list differently. So this reader gives up on all of that, and on what policies seldom have: the text is
// read again by the other one, which tests hold this one against.
#include "policy/yaml/plain.h"

#include <algorithm>

#include "policy/data/yaml_events.h"

namespace signalbox::policy::yaml {
namespace {

std::string_view text_of(const yaml_char_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool is_null(std::string_view plain) {
  return plain.empty() || plain == "~" || plain == "null" || plain == "Null" || plain == "NULL";
}

class Composer {
 public:
  explicit Composer(std::string_view text) : events_(text) {}

  std::optional<Node> first_document() {
    Node out;
    const bool read = next() && event().type == YAML_STREAM_START_EVENT && next() &&
                      event().type == YAML_DOCUMENT_START_EVENT && next() && node(out, 0) &&
                      !out.is(NodeKind::Null) && next() && event().type == YAML_DOCUMENT_END_EVENT &&
                      next();  // what stands behind it may show that it was no document
    return read ? std::optional(std::move(out)) : std::nullopt;
  }

 private:
  bool next() { return events_.next(); }
  const yaml_event_t& event() const { return events_.event(); }

  /// From the present event to the last one of the node. Beyond the bounds the other reader complains.
  bool node(Node& out, int depth) {
    if (depth > kMaxDepth || ++nodes_ > kMaxNodes) return false;
    const yaml_mark_t& mark = event().start_mark;
    const auto at = static_cast<std::uint32_t>(mark.index);
    out.span = {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1), at,
                at, at};
    switch (event().type) {
      case YAML_SCALAR_EVENT: return scalar(out);
      case YAML_SEQUENCE_START_EVENT: return list(out, depth);
      case YAML_MAPPING_START_EVENT: return map(out, depth);
      default: return false;  // an alias
    }
  }

  bool scalar(Node& out) {
    const auto& scalar = event().data.scalar;
    if (scalar.anchor != nullptr || scalar.tag != nullptr) return false;
    out.quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
    const std::string_view text = text_of(scalar.value, scalar.length);
    if (!out.quoted && is_null(text)) return true;
    out.kind = NodeKind::Scalar;
    out.text = text;
    return true;
  }

  bool list(Node& out, int depth) {
    const auto& start = event().data.sequence_start;
    if (start.anchor != nullptr || start.tag != nullptr) return false;
    out.kind = NodeKind::List;
    while (next() && event().type != YAML_SEQUENCE_END_EVENT)
      if (!node(out.items.emplace_back(), depth + 1) || out.items.back().is(NodeKind::Null)) return false;
    return event().type == YAML_SEQUENCE_END_EVENT;
  }

  bool map(Node& out, int depth) {
    const auto& start = event().data.mapping_start;
    if (start.anchor != nullptr || start.tag != nullptr) return false;
    out.kind = NodeKind::Map;
    while (next() && event().type != YAML_MAPPING_END_EVENT) {
      auto& [key, value] = out.fields.emplace_back();
      if (!node(key, depth + 1) || !key.is(NodeKind::Scalar)) return false;
      if (!next() || !node(value, depth + 1)) return false;
      if (value.is(NodeKind::Null)) value.span = key.span;  // it has no place of its own
    }
    return event().type == YAML_MAPPING_END_EVENT;
  }

  YamlEvents events_;
  int nodes_ = 0;
};

}  // namespace

std::optional<Node> read_plainly(std::string_view text) {
  const bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? Composer(text).first_document() : std::nullopt;
}

}  // namespace signalbox::policy::yaml
