// Base documents in memory: less than three times their JSON, for documents of the kind that policies use.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "policy/data/base_document.h"
#include "policy/value/json.h"

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
  Arena arena(1 << 16);
  Diagnostics errors;
  const DataFile file{"data.json", text};
  const Value whole = merge_base_documents(arena, {&file, 1}, errors);
  REQUIRE(errors.empty());
  REQUIRE(whole.is_object());
  return static_cast<double>(arena.used()) / static_cast<double>(text.size());
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
