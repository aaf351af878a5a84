// YAML by libyaml, whose translation into Go is OPA's reader of annotations, go-yaml v3: its complaints are
// the same, and scalars are of YAML 1.2's types, but for numbers, which Go reads, and times, which JSON has
// as text.
#include "policy/syntax/yaml_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/time.h"
#include "policy/data/yaml_events.h"
#include "policy/data/yaml_scalars.h"
#include "policy/value/number.h"

namespace signalbox::policy::ast {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::string_view kStandard = "tag:yaml.org,2002:";

struct Scalar {
  std::string tag;
  Term value;
};

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

/// 2020-01-31, with or without a time, as Go writes it in JSON.
std::optional<std::string> timestamp(std::string_view text) {
  if (text.size() < 8 || text.find_first_not_of("0123456789") != 4 || text[4] != '-') return std::nullopt;
  for (std::string_view layout : {"2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00",
                                  "2006-1-2 15:4:5.999999999", "2006-1-2"}) {
    if (const auto time = go::parse_time(layout, text))
      return go::format_time(*time, "2006-01-02T15:04:05.999999999Z07:00");
  }
  return std::nullopt;
}

Scalar resolve(const std::string& text) {
  static constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
  static constexpr std::array<std::string_view, 3> kTrue = {"true", "True", "TRUE"};
  static constexpr std::array<std::string_view, 3> kFalse = {"false", "False", "FALSE"};
  if (one_of(text, kNull)) return {"!!null", make_null()};
  if (one_of(text, kTrue)) return {"!!bool", make_bool(true)};
  if (one_of(text, kFalse)) return {"!!bool", make_bool(false)};
  if (text == "<<") return {"!!merge", make_string(text)};
  if (!std::string_view("+-.0123456789").contains(text[0])) return {"!!str", make_string(text)};
  if (const auto time = timestamp(text)) return {"!!timestamp", make_string(*time)};
  Arena arena;
  const auto number = yaml_resolve(arena, text);
  if (!number) return {"!!float", make_string(text)};  // .inf and .nan: no number of Rego
  if (!number->value.is_number()) return {"!!str", make_string(text)};
  return {std::string(number->type), make_number(number_text(number->value))};
}

std::string_view text_of(const yaml_char_t* bytes) {
  return bytes == nullptr ? std::string_view() : reinterpret_cast<const char*>(bytes);
}

class Composer {
 public:
  explicit Composer(std::string_view text) : events_(text) {}

  YamlNodePtr first_document() {
    next();  // the stream begins
    if (next().type != YAML_DOCUMENT_START_EVENT) return std::make_shared<YamlNode>(null());
    YamlNodePtr out = node(next(), 0);
    next();  // the document ends
    return out;
  }

 private:
  static YamlNode null() {
    YamlNode out;
    out.tag = "!!null";
    out.value = make_null();
    return out;
  }

  const yaml_event_t& next() {
    if (!events_.next()) fail();
    return events_.event();
  }

  /// go-yaml's parser.fail: lines count from 0, except that scanners' lines count from 1.
  [[noreturn]] void fail() const {
    const yaml_parser_t& parser = events_.parser();
    std::size_t line = parser.context_mark.line != 0 ? parser.context_mark.line : parser.problem_mark.line;
    if (line != 0 && parser.error == YAML_SCANNER_ERROR) ++line;
    const std::string problem =
        parser.problem != nullptr ? parser.problem : "unknown problem parsing YAML content";
    if (line == 0) throw YamlProblem{0, "yaml: " + problem};
    throw YamlProblem{static_cast<std::uint32_t>(line), fmt::format("yaml: line {}: {}", line, problem)};
  }

  YamlNodePtr node(const yaml_event_t& event, int depth) {
    if (depth > kMaxDepth) throw YamlProblem{0, "yaml: nested too deeply, or too large"};
    if (event.type == YAML_ALIAS_EVENT) return aliased(std::string(text_of(event.data.alias.anchor)));
    const bool scalar = event.type == YAML_SCALAR_EVENT, map = event.type == YAML_MAPPING_START_EVENT;
    const std::string anchor(text_of(scalar ? event.data.scalar.anchor
                                     : map  ? event.data.mapping_start.anchor
                                            : event.data.sequence_start.anchor));
    if (!anchor.empty()) anchors_[anchor] = nullptr;
    const auto row = static_cast<std::uint32_t>(event.start_mark.line + 1);
    auto out = std::make_shared<YamlNode>(scalar ? scalar_of(event) : collection(map, depth));
    out->row = row;
    if (!anchor.empty()) anchors_[anchor] = out;
    return out;
  }

  YamlNodePtr aliased(const std::string& name) const {
    const auto found = anchors_.find(name);
    if (found == anchors_.end())
      throw YamlProblem{0, fmt::format("yaml: unknown anchor '{}' referenced", name)};
    if (!found->second) throw YamlProblem{0, fmt::format("yaml: anchor '{}' value contains itself", name)};
    return found->second;
  }

  static YamlNode scalar_of(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    YamlNode out;
    out.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const std::string_view tag = text_of(scalar.tag);
    if (tag.empty()) {
      Scalar found = scalar.plain_implicit != 0 ? resolve(out.text) : Scalar{"!!str", make_string(out.text)};
      out.tag = std::move(found.tag);
      out.value = std::move(found.value);
      return out;
    }
    out.tag =
        tag.starts_with(kStandard) ? "!!" + std::string(tag.substr(kStandard.size())) : std::string(tag);
    out.value = tagged(out.tag, out.text);
    return out;
  }

  static Term tagged(std::string_view tag, const std::string& text) {
    if (tag == "!!binary") {
      const auto bytes = go::base64_decode(text);
      if (!bytes) throw YamlProblem{0, "yaml: !!binary value contains invalid base64 data"};
      return make_string(*bytes);
    }
    if (tag != "!!int" && tag != "!!float" && tag != "!!bool" && tag != "!!null") return make_string(text);
    Scalar found = resolve(text);
    if (found.tag == tag || (tag == "!!float" && found.tag == "!!int")) return std::move(found.value);
    throw YamlProblem{0, fmt::format("yaml: cannot decode {} `{}` as a {}", found.tag, text, tag)};
  }

  YamlNode collection(bool map, int depth) {
    YamlNode out;
    out.kind = map ? YamlNode::Kind::Map : YamlNode::Kind::Sequence;
    out.tag = map ? "!!map" : "!!seq";
    const auto end = map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    for (const yaml_event_t* event = &next(); event->type != end; event = &next())
      out.children.push_back(node(*event, depth + 1));
    return out;
  }

  YamlEvents events_;
  std::map<std::string, YamlNodePtr> anchors_;
};

}  // namespace

std::expected<YamlNodePtr, YamlProblem> read_yaml(std::string_view text) {
  try {
    return Composer(text).first_document();
  } catch (const YamlProblem& problem) {
    return std::unexpected(problem);
  }
}

}  // namespace signalbox::policy::ast
