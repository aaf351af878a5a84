// The surprise: ids are derived, not drawn. A decision's trace id is its own id, so that whoever finds the
// span finds the record, and the other way round; a record that is exported twice is the same span twice.
#include "actions/traces/spans.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "actions/id.h"

namespace signalbox::actions {
namespace {

using Json = nlohmann::json;

constexpr int kInternal = 1;  // SpanKind
constexpr int kFailed = 2;    // StatusCode

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

/// Of the n-th span below a decision: its own bits, turned by an odd number for each.
std::string span_id(const Id& decision, std::uint64_t n) {
  std::uint64_t bits = 0;
  for (const unsigned char byte : std::span(decision.bytes).subspan(8)) bits = bits << 8 | byte;
  bits += n * 0x9e37'79b9'7f4a'7c15;
  std::string bytes(8, '\0');
  for (char& byte : bytes) byte = static_cast<char>(bits >> 56), bits <<= 8;
  return hex(bytes);
}

void add_text(Json& attributes, const char* key, const Json& value) {
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) return;
  attributes.push_back({{"key", key}, {"value", {{"stringValue", value}}}});
}

void add_integer(Json& attributes, const char* key, std::int64_t value) {
  attributes.push_back({{"key", key}, {"value", {{"intValue", std::to_string(value)}}}});
}

const Json& member(const Json& object, const char* key) {
  static const Json kNone;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() || !object.is_object() ? kNone : *found;
}

std::int64_t integer(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::string text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// "... refused 42501" -> "42501"; "" when nothing was refused.
std::string refused_with(std::string_view outcome) {
  constexpr std::string_view kWord = "refused ";
  const std::size_t at = outcome.rfind(kWord);
  if (at == outcome.npos) return {};
  return std::string(outcome.substr(at + kWord.size(), 5));
}

void set_status(Json& span, std::string_view outcome) {
  const std::string sqlstate = refused_with(outcome);
  if (sqlstate.empty() && outcome.find("failed: ") == outcome.npos) return;
  span["status"] = {{"code", kFailed}, {"message", outcome}};
  add_text(span["attributes"], "db.response.status_code", sqlstate);
  add_text(span["attributes"], "error.type", sqlstate.empty() ? "_OTHER" : sqlstate);
}

/// `client`: "address:port", or "local" for a UNIX socket.
void add_client(Json& attributes, const std::string& client) {
  const std::size_t colon = client.rfind(':');
  add_text(attributes, "client.address", client.substr(0, colon));
  std::int64_t port = 0;
  if (colon != client.npos &&
      std::from_chars(client.data() + colon + 1, client.data() + client.size(), port).ec == std::errc{})
    add_integer(attributes, "client.port", port);
}

/// The rules that asked for something: "policy: rule".
Json rules_of(const Json& record) {
  Json values = Json::array();
  for (const Json& request : member(record, "requests")) {
    std::string name = text(request, "policy");
    if (const std::string rule = text(request, "rule"); !rule.empty()) name += ": " + rule;
    const Json value = {{"stringValue", name}};
    if (std::ranges::find(values, value) == values.end()) values.push_back(value);
  }
  return values;
}

Json attributes_of(const Json& record) {
  Json attributes = Json::array();
  add_text(attributes, "db.system.name", "postgresql");
  add_text(attributes, "db.namespace", member(record, "database"));
  add_text(attributes, "db.operation.name", member(member(record, "facts"), "query.kind"));
  add_text(attributes, "user.name", member(record, "user"));
  add_client(attributes, text(record, "client"));
  add_text(attributes, "signalbox.target", member(record, "target"));
  add_integer(attributes, "signalbox.session", integer(record, "session"));
  add_text(attributes, "signalbox.decision", member(record, "id"));
  add_text(attributes, "signalbox.hook", member(record, "hook"));
  add_text(attributes, "signalbox.engine", member(record, "engine"));
  add_text(attributes, "signalbox.revision", member(record, "revision"));
  add_text(attributes, "signalbox.verdict", member(member(record, "plan"), "verdict"));
  add_text(attributes, "signalbox.outcome", member(record, "outcome"));
  if (Json rules = rules_of(record); !rules.empty())
    attributes.push_back(
        {{"key", "signalbox.rules"}, {"value", {{"arrayValue", {{"values", std::move(rules)}}}}}});
  return attributes;
}

/// A span without its attributes.
Json bare_span(std::string_view trace, std::string id, std::string_view parent, std::string name,
               std::int64_t begins_ns, std::int64_t ends_ns) {
  Json span = {{"traceId", trace},
               {"spanId", std::move(id)},
               {"name", std::move(name)},
               {"kind", kInternal},
               {"startTimeUnixNano", std::to_string(begins_ns)},
               {"endTimeUnixNano", std::to_string(std::max(begins_ns, ends_ns))},
               {"attributes", Json::array()}};
  if (!parent.empty()) span["parentSpanId"] = parent;
  return span;
}

void add_spans(const Json& record, std::int64_t ends_ns, Json& spans) {
  const auto id = Id::from_text(text(record, "id"));
  if (!id) return;
  const std::string given = text(record, "traceparent");
  const std::string own = hex(id->as_bytes());
  TraceParent parent{.trace = own, .span = {}, .sampled = true};
  if (!given.empty() && TraceParent::parse(given, parent) && !parent.sampled) return;

  const Json& steps = member(record, "steps");
  std::int64_t begins_ns = ends_ns;
  for (const Json& step : steps) begins_ns = std::min(begins_ns, integer(step, "at_ns"));
  begins_ns -= integer(record, "latency_ns");
  Json decision = bare_span(parent.trace, span_id(*id, 0), parent.span, "decide " + text(record, "hook"),
                            begins_ns, ends_ns);
  decision["attributes"] = attributes_of(record);
  set_status(decision, text(record, "outcome"));
  spans.push_back(std::move(decision));

  std::uint64_t number = 0;
  for (const Json& step : steps) {
    const std::int64_t at_ns = integer(step, "at_ns");
    Json span = bare_span(parent.trace, span_id(*id, ++number), span_id(*id, 0),
                          "action " + text(step, "action"), at_ns, at_ns + integer(step, "took_ns"));
    add_text(span["attributes"], "signalbox.action", member(step, "action"));
    add_text(span["attributes"], "signalbox.outcome", member(step, "outcome"));
    set_status(span, text(step, "outcome"));
    spans.push_back(std::move(span));
  }
}

}  // namespace

bool TraceParent::parse(std::string_view text, TraceParent& out) {
  constexpr std::size_t kLength = 55;
  if (text.size() != kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const std::string_view version = text.substr(0, 2), trace = text.substr(3, 32), span = text.substr(36, 16),
                         flags = text.substr(53, 2);
  if (!is_hex(version) || !is_hex(trace) || !is_hex(span) || !is_hex(flags)) return false;
  if (version == "ff" || is_zero(trace) || is_zero(span)) return false;
  const char low = flags[1];
  out = {.trace = trace, .span = span, .sampled = ((low >= 'a' ? low - 'a' + 10 : low - '0') & 1) != 0};
  return true;
}

TraceBatch trace_batch(std::span<const TracedRecord> records, const TraceResource& resource) {
  Json spans = Json::array();
  for (const TracedRecord& one : records) {
    const Json record = Json::parse(one.body, nullptr, false);
    if (record.is_object()) add_spans(record, one.time_ns, spans);
  }
  if (spans.empty()) return {};
  const std::size_t count = spans.size();
  Json attributes = Json::array();
  add_text(attributes, "service.name", resource.service);
  add_text(attributes, "service.instance.id", resource.instance);
  add_text(attributes, "service.version", resource.version);
  const Json scope = {{"scope", {{"name", "signalbox"}, {"version", resource.version}}},
                      {"spans", std::move(spans)}};
  const Json request = {
      {"resourceSpans", {{{"resource", {{"attributes", std::move(attributes)}}}, {"scopeSpans", {scope}}}}}};
  return {.body = request.dump(-1, ' ', false, Json::error_handler_t::replace), .spans = count};
}

}  // namespace signalbox::actions
