// Values as Rego source: what OPA's String() and sprintf("%v") print.
#include <algorithm>

#include "policy/builtins/go/text.h"
#include "policy/value/number.h"
#include "policy/value/value.h"
#include "policy/value/work.h"

namespace signalbox::policy {

void append_quoted_rego(std::string& out, std::string_view text);

namespace {

constexpr std::uint64_t kCostOfAppending = 2;

void append_rego(std::string& out, const Value& value) {
  if (!Work::spend(kCostOfAppending * (1 + value.size()))) return;
  const auto list = [&](std::span<const Value> items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out += ", ";
      append_rego(out, items[i]);
    }
  };
  switch (value.kind()) {
    case Kind::Undefined: out += "<undefined>"; return;
    case Kind::Null: out += "null"; return;
    case Kind::Boolean: out += value.as_boolean() ? "true" : "false"; return;
    case Kind::Number: append_number(out, value); return;
    case Kind::String: append_quoted_rego(out, value.as_string()); return;
    case Kind::Array:
      out += '[';
      list(value.as_array());
      out += ']';
      return;
    case Kind::Set:
      if (value.size() == 0) {
        out += "set()";
        return;
      }
      out += '{';
      list(value.as_set());
      out += '}';
      return;
    case Kind::Object: {
      out += '{';
      bool first = true;
      for (const Pair& pair : value.as_object()) {
        if (!first) out += ", ";
        first = false;
        append_rego(out, pair.key);
        out += ": ";
        append_rego(out, pair.value);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

/// As Go's strconv.Quote, which OPA uses: what is printable stays, the rest is escaped.
void append_quoted_rego(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; };
  if (!std::ranges::all_of(text, plain)) {
    out += go::quote(text);
    return;
  }
  out.append("\"").append(text).append("\"");
}

std::string to_rego(const Value& value) {
  std::string out;
  append_rego(out, value);
  return out;
}

}  // namespace signalbox::policy
