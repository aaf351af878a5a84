// Generator, documents: few distinct scalars, so that comparisons hold often enough.
#include "policy/support/generator.h"

namespace signalbox::policy::test {
namespace {

const std::vector<std::string> kScalars = {"0",    "1",     "2",       "3",     "-1",        "0.5",
                                           "1.0",  "\"a\"", "\"b\"",   "\"c\"", "\"alice\"", "\"bob\"",
                                           "\"\"", "true",  "false",   "null",  "\"admin\"", "\"k\"",
                                           "10",   "1e2",   "\"read\""};
/// Seldom: numbers that no double holds, text that is not ASCII.
const std::vector<std::string> kOddScalars = {"12345678901234567890",
                                              "0.1",
                                              "1e-7",
                                              "-0",
                                              "1.50",
                                              "9007199254740993",
                                              "-9223372036854775808",
                                              "1e20",
                                              "\"\u00e9\"",
                                              "\"c d\"",
                                              "\"\u65e5\u672c\"",
                                              "\"10\"",
                                              "\"a,b,a\"",
                                              "-2.5",
                                              "\"0x1F\"",
                                              "\"%d\"",
                                              "\"2024-01-02\"",
                                              "\"1.2.3\""};

}  // namespace

std::string Generator::scalar() {
  return pick(chance(8) ? kOddScalars : kScalars);
}

std::string Generator::json_value(int depth) {
  if (depth == 0 || chance(50)) return scalar();
  std::string out;
  const std::size_t count = below(4);
  if (chance(50)) {
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ", ") + json_value(depth - 1);
    return "[" + out + "]";
  }
  const std::vector<std::string> keys = {"a", "b", "k", "n", "alice"};
  for (std::size_t i = 0; i < count; ++i) {
    out += (i == 0 ? "\"" : ", \"") + keys[2 * i % keys.size()] + "\": " + json_value(depth - 1);
  }
  return "{" + out + "}";
}

std::string Generator::object_of(std::vector<std::pair<std::string, std::string>> members) {
  std::string out = "{";
  for (const auto& [key, value] : members) out += (out.size() == 1 ? "\"" : ", \"") + key + "\": " + value;
  return out + "}";
}

std::string Generator::data_document() {
  const auto list = [&](std::vector<std::string> from) {
    std::string out;
    for (std::size_t i = 1 + below(4); i > 0; --i) out += (out.empty() ? "" : ", ") + pick(from);
    return "[" + out + "]";
  };
  const std::vector<std::string> roles = {"\"admin\"", "\"a\"", "\"b\"", "\"read\""};
  const std::vector<std::string> numbers = {"0", "1", "2", "3", "0.5", "-1"};
  const auto user = [&] {
    return object_of({{"roles", list(roles)}, {"age", pick(numbers)}, {"tags", json_value(2)}});
  };
  const auto grant = [&] {
    return object_of({{"role", pick(roles)}, {"action", pick(roles)}, {"n", pick(numbers)}});
  };
  const std::string graph = R"({"a": ["b", "c"], "b": ["c"], "c": [], "k": ["a"]})";
  const std::string one = object_of({{"base1", json_value(2)}, {"base2", json_value(1)}});
  const std::string lib = object_of({{"one", one}, {"plain", json_value(2)}});
  const std::string fz = object_of({{"lib", lib}, {"base3", json_value(2)}});
  return object_of({{"users", object_of({{"alice", user()}, {"bob", user()}, {"k", user()}})},
                    {"nums", list(numbers)},
                    {"words", list(roles)},
                    {"matrix", "[" + list(numbers) + ", " + list(numbers) + "]"},
                    {"mixed", "[" + json_value(2) + ", " + json_value(2) + ", " + json_value(1) + "]"},
                    {"grants", "[" + grant() + ", " + grant() + ", " + grant() + "]"},
                    {"graph", graph},
                    {"nets", R"(["10.0.0.0/8", "10.1.0.0/16", "::1/128"])"},
                    {"fz", fz}});
}

std::string Generator::input_document() {
  const std::vector<std::string> users = {"\"alice\"", "\"bob\"", "\"k\"", "\"carol\""};
  const std::vector<std::string> paths = {"\"/api/v1\"", "\"/api\"", "\"/\"", "\"/admin/x\""};
  const std::vector<std::string> addresses = {"\"10.1.2.3\"", "\"192.168.0.1\"", "\"::1\"", "\"nonsense\""};
  return object_of({{"user", pick(users)},
                    {"role", pick(std::vector<std::string>{"\"admin\"", "\"a\"", "\"b\"", "\"x\""})},
                    {"n", scalar()},
                    {"m", pick(std::vector<std::string>{"0", "1", "2", "3", "7"})},
                    {"xs", "[" + scalar() + ", " + scalar() + ", " + scalar() + "]"},
                    {"obj", object_of({{"n", "[1, 2]"}, {"k", scalar()}, {"a", json_value(2)}})},
                    {"flag", pick(std::vector<std::string>{"true", "false"})},
                    {"nil", "null"},
                    {"path", pick(paths)},
                    {"ip", pick(addresses)}});
}

}  // namespace signalbox::policy::test
