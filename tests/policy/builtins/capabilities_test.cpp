// The declarations of built-ins against OPA's capabilities file, where it is present: names, types, flags.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "policy/builtins/builtin.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

std::string type_text(const Value& type);

std::string list_text(std::span<const Value> types) {
  std::string out;
  for (const Value& type : types) out += (out.empty() ? "" : ", ") + type_text(type);
  return out;
}

std::string object_text(const Value& type) {
  std::string out = "object", members;
  if (Value known = type.at("static"))
    for (const Value& member : known.as_array())
      members += (members.empty() ? "" : ", ") + std::string(member.at("key").as_string()) + ": " +
                 type_text(member.at("value"));
  if (!members.empty()) out += "<" + members + ">";
  if (Value rest = type.at("dynamic"))
    out += "[" + type_text(rest.at("key")) + ": " + type_text(rest.at("value")) + "]";
  return out;
}

/// A type of the capabilities file as the declarations spell it.
std::string type_text(const Value& type) {
  std::string name(type.at("type").as_string());
  Value of = type.at("of"), known = type.at("static"), rest = type.at("dynamic");
  if (name == "any") return of ? "any<" + list_text(of.as_array()) + ">" : "any";
  if (name == "set") return "set[" + type_text(of) + "]";
  if (name == "object") return object_text(type);
  if (name != "array") return name;
  return "array" + (known ? "<" + list_text(known.as_array()) + ">" : "") +
         (rest ? "[" + type_text(rest) + "]" : "");
}

std::string signature_text(const Value& declaration) {
  Value args = declaration.at("args"), result = declaration.at("result");
  std::string in = declaration.at("variadic") ? type_text(declaration.at("variadic")) + "..."
                   : args                     ? list_text(args.as_array())
                                              : "";
  return "(" + in + ")" + (result ? " => " + type_text(result) : "");
}

}  // namespace

TEST_CASE("built-ins are declared as OPA's capabilities say", "[builtins][capabilities]") {
  const char* given = std::getenv("SIGNALBOX_CONFORMANCE");
  std::filesystem::path root =
      given != nullptr ? given : std::filesystem::path(SIGNALBOX_SOURCE_DIR) / "../shared/conformance";
  std::ifstream file(root / "capabilities.json");
  if (!file) {
    WARN("skipped: " << (root / "capabilities.json").string() << " absent");
    return;
  }
  Arena arena;
  std::string text((std::istreambuf_iterator<char>(file)), {});
  auto capabilities = parse_json(arena, text);
  REQUIRE(capabilities);
  std::set<std::string> named;
  for (const Value& expected : capabilities->at("builtins").as_array()) {
    std::string name(expected.at("name").as_string());
    named.insert(name);
    const Builtin* builtin = find_builtin(name);
    INFO(name);
    REQUIRE(builtin != nullptr);
    CHECK(std::string(builtin->signature) == signature_text(expected.at("decl")));
    CHECK(builtin->nondeterministic == expected.at("nondeterministic").is_true());
    CHECK(builtin->deprecated == expected.at("deprecated").is_true());
    CHECK(builtin->relation == expected.at("relation").is_true());
    Value infix = expected.at("infix");
    CHECK(builtin->infix == (infix ? infix.as_string() : std::string_view()));
  }
  for (const Builtin* builtin : all_builtins()) CHECK(named.contains(std::string(builtin->name)));
}

}  // namespace signalbox::policy
