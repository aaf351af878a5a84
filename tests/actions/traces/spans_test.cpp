// Expected forms: OTLP's JSON encoding and W3C Trace Context.
#include "actions/traces/spans.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace signalbox::actions;
using Json = nlohmann::json;

namespace {

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

Json record(std::string_view traceparent = {}) {
  Json made = Json::parse(R"({
    "id": "01a2073a-5c51-7760-8f91-ee9f2d0bd774", "hook": "traffic_from_client", "session": 7, "user": "ann",
    "database": "shop", "client": "10.0.0.9:4711", "revision": "r1", "engine": "embedded", "latency_ns": 2000,
    "requests": [{"action": "police", "policy": "p", "rule": "one"}, {"action": "deny", "policy": "p", "rule": "one"}],
    "plan": {"verdict": "deny"}, "facts": {"query.kind": "select"}, "outcome": "police: waited 0.1 s; refused 53400",
    "steps": [{"action": "police", "outcome": "refused 53400", "at_ns": 1000000, "took_ns": 500000}]})");
  if (!traceparent.empty()) made["traceparent"] = traceparent;
  return made;
}

Json spans_of(const Json& made) {
  const std::vector<TracedRecord> records = {{.time_ns = 1'600'000, .body = made.dump()}};
  const TraceBatch batch = trace_batch(records, {.service = "box", .instance = "a", .version = "1"});
  if (batch.body.empty()) return Json::array();
  const Json request = Json::parse(batch.body);
  Json spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"];
  CHECK(spans.size() == batch.spans);
  return spans;
}

std::string attribute(const Json& span, std::string_view key) {
  for (const Json& one : span["attributes"])
    if (one["key"] == key)
      return one["value"].begin()->is_string() ? one["value"].begin()->get<std::string>()
                                               : one["value"].begin()->dump();
  return "(none)";
}

}  // namespace

TEST_CASE("a decision is a span, its actions are spans below it") {
  const Json spans = spans_of(record());
  REQUIRE(spans.size() == 2);
  const Json& decision = spans[0];
  CHECK(decision["traceId"] == "01a2073a5c5177608f91ee9f2d0bd774");
  CHECK(decision["spanId"] == "8f91ee9f2d0bd774");
  CHECK_FALSE(decision.contains("parentSpanId"));
  CHECK(decision["name"] == "decide traffic_from_client");
  CHECK(decision["startTimeUnixNano"] == "998000");
  CHECK(decision["endTimeUnixNano"] == "1600000");
  CHECK(decision["status"]["code"] == 2);
  CHECK(attribute(decision, "db.system.name") == "postgresql");
  CHECK(attribute(decision, "db.operation.name") == "select");
  CHECK(attribute(decision, "user.name") == "ann");
  CHECK(attribute(decision, "client.address") == "10.0.0.9");
  CHECK(attribute(decision, "client.port") == "4711");
  CHECK(attribute(decision, "error.type") == "53400");
  CHECK(attribute(decision, "signalbox.session") == "7");
  CHECK(attribute(decision, "signalbox.rules") == R"({"values":[{"stringValue":"p: one"}]})");
  const Json& action = spans[1];
  CHECK(action["traceId"] == decision["traceId"]);
  CHECK(action["parentSpanId"] == decision["spanId"]);
  CHECK(action["spanId"] != decision["spanId"]);
  CHECK(action["startTimeUnixNano"] == "1000000");
  CHECK(action["endTimeUnixNano"] == "1500000");
}

TEST_CASE("a statement's traceparent is continued when it is sampled") {
  const Json spans = spans_of(record(kParent));
  REQUIRE(spans.size() == 2);
  CHECK(spans[0]["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(spans[0]["parentSpanId"] == "00f067aa0ba902b7");
  CHECK(spans_of(record("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")).empty());
  CHECK(spans_of(record("nonsense"))[0]["traceId"] == "01a2073a5c5177608f91ee9f2d0bd774");
}

TEST_CASE("what is permitted has no status, what is no record gives nothing") {
  Json permitted = record();
  permitted["outcome"] = "police: done";
  permitted["steps"][0]["outcome"] = "done";
  for (const Json& span : spans_of(permitted)) CHECK_FALSE(span.contains("status"));
  CHECK(spans_of(Json::parse(R"({"gap": {"from": 1}})")).empty());
  const std::vector<TracedRecord> junk = {{1, "{"}, {2, "[]"}, {3, R"({"id": 7, "steps": 3})"}};
  CHECK(trace_batch(junk, {}).body.empty());
}

TEST_CASE("a traceparent is read as W3C Trace Context says") {
  TraceParent parent;
  CHECK(TraceParent::parse(kParent, parent));
  CHECK(parent.sampled);
  for (const char* bad : {"", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"}) {
    INFO(bad);
    CHECK_FALSE(TraceParent::parse(bad, parent));
  }
}
