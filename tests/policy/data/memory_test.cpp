// Base documents in memory: less than three times their JSON, for documents of the kind that policies use.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "policy/data/base_document.h"
#include "policy/engine.h"
#include "policy/value/json.h"
#include "policy/vm/program.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

constexpr std::size_t kSize = 4u << 20;

std::string users(std::mt19937& random) {
  const char* const departments[] = {"engineering", "finance", "sales", "operations", "legal"};
  std::string out = "{\"users\": {";
  for (std::size_t i = 0; out.size() < kSize; ++i) {
    out += fmt::format(
        R"({}"user{}": {{"id": {}, "email": "user{}@example.com", "department": "{}", "active": {}, "roles": ["reader", "role{}"], "manager": "user{}"}})",
        i == 0 ? "" : ",", i, 100'000 + i, i, departments[random() % 5], random() % 2 == 0 ? "true" : "false",
        random() % 40, random() % 1000);
  }
  return out + "}}";
}

std::string grants(std::mt19937& random) {
  const char* const actions[] = {"read", "write", "delete", "list"};
  std::string out = "{\"grants\": [";
  for (std::size_t i = 0; out.size() < kSize; ++i) {
    out +=
        fmt::format(R"({}{{"subject": "group{}", "action": "{}", "resource": "schema{}.table{}"}})",
                    i == 0 ? "" : ",", random() % 500, actions[random() % 4], random() % 20, random() % 400);
  }
  return out + "]}";
}

std::string resources(std::mt19937& random) {
  std::string out = "{\"resources\": {";
  for (std::size_t i = 0; out.size() < kSize; ++i) {
    out += fmt::format(
        R"({}"/srv/{:08x}": {{"owner": "user{}", "labels": {{"env": "{}", "tier": "{}", "region": "eu-west-{}"}}, "ports": [{}, {}], "created": "2024-0{}-1{}T08:00:00Z"}})",
        i == 0 ? "" : ",", random(), random() % 5000, random() % 2 == 0 ? "production" : "staging",
        random() % 3 == 0 ? "web" : "database", random() % 3, 1024 + random() % 60'000,
        1024 + random() % 60'000, 1 + random() % 9, random() % 10);
  }
  return out + "}}";
}

double ratio(const std::string& text) {
  Diagnostics errors;
  const DataFile file{"data.json", text};
  const BaseDocuments base = read_base_documents({&file, 1}, nullptr, errors);
  REQUIRE(errors.empty());
  REQUIRE(base.whole.is_object());
  return static_cast<double>(base.bytes()) / static_cast<double>(text.size());
}

}  // namespace

TEST_CASE("base documents take less than three times their JSON", "[memory]") {
  std::mt19937 random(7);
  const std::pair<const char*, std::string> documents[] = {
      {"users", users(random)}, {"grants", grants(random)}, {"resources", resources(random)}};
  for (const auto& [name, text] : documents) {
    const double times = ratio(text);
    std::cout << fmt::format("memory: {}: {:.2f} times {} bytes of JSON\n", name, times, text.size());
    INFO(name);
    CHECK(times < 3.0);
  }
}

TEST_CASE("a reload reads only the base documents that changed", "[memory]") {
  std::mt19937 random(7);
  const std::string large = users(random);
  const std::string rule =
      "package app\nallow if data.directory.users.user1.active == data.settings.active\n";
  const auto load = [&](const std::string& settings, const PolicySet* before) {
    auto set = PolicySet::load(
        {{"app.rego", rule}, {"directory/data.json", large}, {"settings/data.json", settings}}, {}, {},
        before);
    REQUIRE(set);
    return *set;
  };
  const auto document = [](const PolicySet& set, std::string_view name) {
    return set.program().nodes[0].base.at(name);
  };
  auto first = load(R"({"active": true})", nullptr);
  const auto second = load(R"({"active": false})", first.get());
  CHECK(document(*first, "directory").same_bits(document(*second, "directory")));
  CHECK_FALSE(document(*first, "settings").same_bits(document(*second, "settings")));
  first.reset();  // what is shared lives on
  Evaluator evaluator;
  const auto query = second->prepare("data.directory.users.user1.id");
  REQUIRE(query);
  const auto value = evaluator.value(**query, JsonInput({}, second->input_paths()), {});
  REQUIRE(value);
  CHECK(*value == Value::integer(100'001));
}

TEST_CASE("a document is not shared with another at the same path", "[memory]") {
  const auto load = [](const std::string& text, const PolicySet* before) {
    auto set = PolicySet::load({{"a/data.json", text}}, {}, {}, before);
    REQUIRE(set);
    return *set;
  };
  const auto first = load(R"({"x": 1})", nullptr), second = load(R"({"x": 2})", first.get());
  CHECK(second->program().nodes[0].base.at("a").at("x") == Value::integer(2));
  CHECK(first->program().nodes[0].base.at("a").at("x") == Value::integer(1));
}
