// YAML to values from libyaml's events. OPA's reader, go-yaml, is libyaml in Go: what is refused, and in
// which words and on which line, is the same.
//
// An alias is the value of its anchor, shared. Values may so hold one another many times over: what they
// would come to written out is counted, and bounded as go-yaml bounds it.
#include "policy/data/yaml.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "policy/builtins/go/text.h"
#include "policy/data/yaml_events.h"
#include "policy/data/yaml_scalars.h"
#include "policy/value/builder.h"

namespace signalbox::policy {
namespace {

constexpr std::uint32_t kMaxDepth = 512;
constexpr std::size_t kMaxNodes = 20'000'000;

struct Complaint {
  std::string message;
  std::uint32_t row = 1, col = 1;
};

/// A node that was read.
struct Node {
  enum class Kind : std::uint8_t { Scalar, Sequence, Map };
  Kind kind = Kind::Scalar;
  bool alias = false;
  bool merge_key = false;  ///< the scalar `<<`
  bool open = false;       ///< an anchor whose node is still being read
  Value value;
  std::size_t nodes = 1;  ///< written out, itself included
};

/// Events, with go-yaml's complaints.
class Events {
 public:
  explicit Events(std::string_view text) : events_(text) {}

  const yaml_event_t& next() {
    if (!events_.next()) fail();
    return events_.event();
  }

 private:
  /// go-yaml's parser.fail: lines count from 0, except that scanners' lines count from 1.
  [[noreturn]] void fail() const {
    const yaml_parser_t& parser = events_.parser();
    std::size_t line = parser.problem_mark.line;
    if (line != 0 && parser.error == YAML_SCANNER_ERROR) ++line;
    if (line == 0) line = parser.context_mark.line;
    const char* problem = parser.problem != nullptr ? parser.problem : "unknown problem parsing YAML content";
    throw Complaint{
        line == 0 ? fmt::format("yaml: {}", problem) : fmt::format("yaml: line {}: {}", line, problem),
        static_cast<std::uint32_t>(parser.problem_mark.line + 1),
        static_cast<std::uint32_t>(parser.problem_mark.column + 1)};
  }

  YamlEvents events_;
};

std::string_view text_of(const yaml_char_t* bytes) {
  return bytes == nullptr ? std::string_view() : reinterpret_cast<const char*>(bytes);
}

/// As Go's %#v prints what go-yaml reads.
std::string go_syntax(const Value& value) {
  std::string members;
  const auto add = [&](const std::string& member) { members += (members.empty() ? "" : ", ") + member; };
  const auto inner = [](const Value& v) {
    return v.is_null() ? std::string("interface {}(nil)") : go_syntax(v);
  };
  if (value.is_null()) return "<nil>";
  if (value.is_array()) {
    for (const Value& item : value.as_array()) add(inner(item));
    return "[]interface {}{" + members + "}";
  }
  if (value.is_object()) {
    for (const Pair& pair : value.as_object()) add(go_syntax(pair.key) + ":" + inner(pair.value));
    return "map[interface {}]interface {}{" + members + "}";
  }
  return value.is_string() ? go::quote(value.as_string()) : to_json(value);
}

class Composer {
 public:
  Composer(Arena& arena, std::string_view text) : arena_(arena), events_(text) {}

  Value first_document() {
    events_.next();  // the stream begins
    if (events_.next().type != YAML_DOCUMENT_START_EVENT) return Value::null();
    const Value out = node(events_.next(), 0).value;
    events_.next();  // the document ends
    return out;
  }

 private:
  [[noreturn]] static void refuse(std::string message) { throw Complaint{std::move(message)}; }
  template <class T>
  static T checked(std::expected<T, std::string> value) {
    if (!value) refuse(value.error());
    return *value;
  }

  Node node(const yaml_event_t& event, std::uint32_t depth) {
    if (depth > kMaxDepth || ++read_ + expanded_ > kMaxNodes) refuse("yaml: nested too deeply, or too large");
    if (event.type == YAML_ALIAS_EVENT) return aliased(std::string(text_of(event.data.alias.anchor)));
    const bool scalar = event.type == YAML_SCALAR_EVENT, map = event.type == YAML_MAPPING_START_EVENT;
    const std::string anchor(text_of(scalar ? event.data.scalar.anchor
                                     : map  ? event.data.mapping_start.anchor
                                            : event.data.sequence_start.anchor));
    if (!anchor.empty()) anchors_[anchor].open = true;
    Node out = scalar ? scalar_of(event) : map ? map_of(depth) : sequence_of(depth);
    if (!anchor.empty()) anchors_[anchor] = out;
    return out;
  }

  Node aliased(const std::string& name) {
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) refuse(fmt::format("yaml: unknown anchor '{}' referenced", name));
    if (found->second.open) refuse(fmt::format("yaml: anchor '{}' value contains itself", name));
    Node out = found->second;
    out.alias = true;
    expanded_ += out.nodes;
    check_aliasing();
    return out;
  }

  /// go-yaml's bound: of few nodes nearly all, of many only a tenth may come from aliases.
  void check_aliasing() const {
    constexpr double kFew = 400'000, kMany = 4'000'000, kMost = 0.99, kLeast = 0.10;
    const auto all = static_cast<double>(read_ + expanded_), share = static_cast<double>(expanded_) / all;
    const double allowed = all <= kFew    ? kMost
                           : all >= kMany ? kLeast
                                          : kMost - (kMost - kLeast) * (all - kFew) / (kMany - kFew);
    if (expanded_ > 100 && all > 1000 && share > allowed)
      refuse("yaml: document contains excessive aliasing");
  }

  Node scalar_of(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    const std::string text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const std::string_view tag = text_of(scalar.tag);
    Node out;
    out.merge_key = text == "<<" && (scalar.plain_implicit != 0 || tag == "tag:yaml.org,2002:merge");
    if (!tag.empty()) {
      out.value = checked(yaml_tagged(arena_, tag, text));
    } else {
      out.value = scalar.plain_implicit != 0 ? checked(yaml_plain(arena_, text)) : copy_string(arena_, text);
    }
    return out;
  }

  Node sequence_of(std::uint32_t depth) {
    Node out;
    out.kind = Node::Kind::Sequence;
    ArrayBuilder items(arena_);
    for (const yaml_event_t* event = &events_.next(); event->type != YAML_SEQUENCE_END_EVENT;
         event = &events_.next()) {
      const Node item = node(*event, depth + 1);
      out.nodes += item.nodes;
      items.add(item.value);
    }
    out.value = items.finish();
    return out;
  }

  Node map_of(std::uint32_t depth) {
    Node out;
    out.kind = Node::Kind::Map;
    ObjectBuilder members(arena_);
    for (const yaml_event_t* event = &events_.next(); event->type != YAML_MAPPING_END_EVENT;
         event = &events_.next()) {
      const Node key = node(*event, depth + 1);
      const Node value = node(events_.next(), depth + 1);
      out.nodes += key.nodes + value.nodes;
      if (key.merge_key) {
        merge(members, value);
      } else {
        members.add(key_of(key, value), value.value);
      }
    }
    out.value = members.finish();
    return out;
  }

  Value key_of(const Node& key, const Node& value) {
    if (key.kind != Node::Kind::Scalar)
      refuse(fmt::format("yaml: invalid map key: {}", go_syntax(key.value)));
    if (key.value.is_null())
      refuse(fmt::format("unsupported map key of type: %!s(<nil>), key: <nil>, value: {}",
                         go_syntax(value.value)));
    return key.value.is_string() ? key.value : copy_string(arena_, to_json(key.value));
  }

  /// `<<: *defaults`. What comes later wins; of a list, what comes first.
  static void merge(ObjectBuilder& members, const Node& from) {
    const auto all_of = [&](const Value& map) {
      if (!map.is_object()) refuse("yaml: map merge requires map or sequence of maps as the value");
      for (const Pair& pair : map.as_object()) members.add(pair.key, pair.value);
    };
    const bool list = from.kind == Node::Kind::Sequence && !from.alias;
    if (!list) return all_of(from.value);
    for (std::size_t i = from.value.size(); i-- > 0;) all_of(from.value.as_array()[i]);
  }

  Arena& arena_;
  Events events_;
  std::map<std::string, Node> anchors_;
  std::size_t read_ = 0, expanded_ = 0;
};

}  // namespace

std::expected<Value, JsonError> parse_yaml(Arena& arena, std::string_view text) {
  try {
    return Composer(arena, text).first_document();
  } catch (const Complaint& e) {
    return std::unexpected(JsonError{e.message, 0, e.row, e.col});
  }
}

}  // namespace signalbox::policy
