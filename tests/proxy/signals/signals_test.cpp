// Which detectors work follows from what policies read; what they say of themselves is in the documents.
#include "proxy/signals/signals.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/hooks/policies.h"
#include "proxy/signals/aging_map.h"
#include "proxy/signals/list.h"
#include "proxy/signals/window.h"

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

std::string file(const char* path) {
  std::ifstream in(std::string(SIGNALBOX_SOURCE_DIR) + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::shared_ptr<const Policies> policies(std::vector<policy::SourceFile> files) {
  policy::Vocabulary vocabulary;
  vocabulary.hooks = {"traffic_from_client", "closing"};
  vocabulary.default_hook = "traffic_from_client";
  auto set = policy::PolicySet::load(std::move(files), vocabulary);
  if (!set) FAIL(to_text(set.error()));
  return std::make_shared<const Policies>(*set, 1);
}

std::shared_ptr<const Policies> reading(const std::string& body, const std::string& data = "{}") {
  return policies(
      {{"p.rego", "package policies.p\nactions contains {\"action\": \"deny\"} if {\n" + body + "\n}\n"},
       {"data.json", data}});
}

}  // namespace

TEST_CASE("a detector watches only while policies read its signal") {
  Signals signals;
  signals.use(*reading("input.signals.rate.value > 10"));
  CHECK(signals.watches(Sight::Permitted));
  CHECK_FALSE(signals.watches(Sight::Answered));
  signals.use(*reading("input.signals.result_size.value > 10"));
  CHECK_FALSE(signals.watches(Sight::Permitted));
  CHECK(signals.watches(Sight::Answered));
  signals.use(*reading("some name, signal in input.signals; signal.value > 10"));
  for (std::size_t i = 0; i < kSightCount; ++i) CHECK(signals.watches(static_cast<Sight>(i)));
  signals.use(*reading(R"(input.query.kind == "delete")"));
  for (std::size_t i = 0; i < kSightCount; ++i) CHECK_FALSE(signals.watches(static_cast<Sight>(i)));
}

TEST_CASE("a signal of the statement takes queries apart, and is remembered as far as it goes") {
  const auto at = actions::Hook::TrafficFromClient;
  const HookReads dangerous = reading(R"(input.signals.dangerous.value[_] == "drop")")->reads(at);
  CHECK(dangerous.query);
  CHECK(dangerous.memo);
  CHECK_FALSE(dangerous.text);
  const HookReads injection = reading("count(input.signals.injection.value) > 0")->reads(at);
  CHECK(injection.query);
  CHECK(injection.memo);
  CHECK(injection.text);
  CHECK_FALSE(reading("input.signals.rate.value > 10")->reads(at).memo);
}

TEST_CASE("a rule that its data turns off reads nothing") {
  const std::string body = "data.packs.p.enabled\ninput.signals.rate.value > 10\ninput.time_ns > 0";
  Signals signals;
  const auto off = reading(body, R"({"packs": {"p": {"enabled": false}}})");
  signals.use(*off);
  CHECK_FALSE(signals.watches(Sight::Permitted));
  CHECK_FALSE(off->subscribed(actions::Hook::TrafficFromClient));
  const auto on = reading(body, R"({"packs": {"p": {"enabled": true}}})");
  signals.use(*on);
  CHECK(signals.watches(Sight::Permitted));
  CHECK(on->subscribed(actions::Hook::TrafficFromClient));
  CHECK_FALSE(on->reads(actions::Hook::TrafficFromClient).memo);
  CHECK_FALSE(reading(body)->subscribed(actions::Hook::TrafficFromClient));
}

TEST_CASE("a rule that other rules may turn on is not off") {
  const auto set = policies(
      {{"p.rego",
        "package policies.p\nactions contains {\"action\": \"deny\"} if {\n\tdata.packs.p.enabled\n}\n"},
       {"q.rego", "package packs.p\nenabled if input.session.user == \"x\"\n"}});
  CHECK(set->subscribed(actions::Hook::TrafficFromClient));
}

TEST_CASE("what the entry itself reads counts at every hook") {
  const auto set = policies(
      {{"p.rego", "package policies.p\nactions contains {\"action\": \"deny\"} if data.packs.p.enabled\n"},
       {"gateway.rego",
        "package gateway\nactions contains a if {\n\tinput.time_ns > 0\n\tsome a in "
        "data.policies.p.actions\n}\n"}});
  CHECK_FALSE(set->reads(actions::Hook::TrafficFromClient).memo);
  CHECK_FALSE(set->reads(actions::Hook::Closing).memo);
}

TEST_CASE("an external engine's declared inputs turn detectors on") {
  Signals signals;
  const Policies nothing(nullptr, 0);
  const std::vector<std::string> declared = {"signals.rate.value", "query"};
  signals.use(nothing, declared);
  CHECK(signals.watches(Sight::Permitted));
  CHECK_FALSE(signals.watches(Sight::LoginFailed));
  signals.use(nothing, std::vector<std::string>{"signals"});
  CHECK(signals.watches(Sight::LoginFailed));
}

TEST_CASE("the input schema has the signals as their detectors describe them") {
  const auto schema = nlohmann::json::parse(file("/rules/schema/input.json"));
  auto written = schema["properties"]["signals"]["properties"];
  REQUIRE(written.erase("plugin") == 1);
  nlohmann::json described = nlohmann::json::object();
  for (const Detector* one : detectors()) {
    CHECK(one->path == "signals." + std::string(one->name));
    auto& entry = described[std::string(one->name)] = nlohmann::json::parse(one->schema);
    entry["description"] = one->summary;
    entry["additionalProperties"] = false;
  }
  CHECK(written == described);
}

TEST_CASE("docs/signals.md is up to date") {
  INFO("write it with: signalbox signals -o markdown > docs/signals.md");
  CHECK(file("/docs/signals.md") == signals_markdown());
}

TEST_CASE("an aging map keeps what is used, and no more than it may") {
  AgingMap<int> map(8);
  map.at("kept") = 7;
  for (int i = 0; i < 1000; ++i) {
    map.at(std::to_string(i)) = i;
    map.at("kept");
    CHECK(map.size() <= 8);
  }
  REQUIRE(map.find("kept") != nullptr);
  CHECK(*map.find("kept") == 7);
  CHECK(map.find("1") == nullptr);
}

TEST_CASE("a window counts what lies within it") {
  using namespace std::chrono_literals;
  Window window;
  const std::int64_t start = 1'700'000'000'000'000'000;
  CHECK(window.count(1s, start) == 0);
  for (int i = 0; i < 100; ++i) window.add(1s, start + i);
  CHECK(window.count(1s, start + 100) == 100);
  CHECK(window.count(1s, start + 1'500'000'000) == 50);
  CHECK(window.count(1s, start + 2'000'000'000) == 0);
  CHECK(window.count(1s, start - 5'000'000'000) <= 100);
}
