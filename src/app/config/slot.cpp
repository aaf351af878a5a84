// Slots: one overload a type, for storing and for printing.
#include "app/config/slot.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "app/config/config.h"
#include "base/diagnostic.h"

namespace signalbox::app {
namespace {

using Stored = std::expected<void, std::string>;

template <class T>
Stored take(T& slot, std::optional<T> parsed, std::string_view expected) {
  if (!parsed) return std::unexpected(std::string(expected));
  slot = *parsed;
  return {};
}

Stored store_in(std::string& slot, std::string_view text) {
  return slot = text, Stored{};
}
Stored store_in(Secret& slot, std::string_view text) {
  return slot = Secret(std::string(text)), Stored{};
}
Stored store_in(std::filesystem::path& slot, std::string_view text) {
  return slot = text, Stored{};
}
Stored store_in(Duration& slot, std::string_view text) {
  return take(slot, parse_duration(text), "a duration such as 250ms, 30s, 5m, 1h or 0");
}
Stored store_in(Size& slot, std::string_view text) {
  return take(slot, parse_size(text), "a size such as 64KiB, 16MiB, 1GB or 0");
}

Stored store_in(bool& slot, std::string_view text) {
  if (text != "true" && text != "false") return std::unexpected("true or false");
  slot = text == "true";
  return {};
}

Stored store_in(std::uint64_t& slot, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::unexpected("a whole number, 0 or more");
  slot = value;
  return {};
}

// Only their empty forms are scalars: defaults are written "[]" and "{}".
Stored store_in(Words& slot, std::string_view text) {
  if (!text.empty() && text != "[]") return std::unexpected("a list");
  return slot.clear(), Stored{};
}
Stored store_in(Labels& slot, std::string_view text) {
  if (!text.empty() && text != "{}") return std::unexpected("a map of names to texts");
  return slot.clear(), Stored{};
}

Stored store_in(Secrets& slot, std::string_view text) {
  if (!text.empty() && text != "{}") return std::unexpected("a map of names to secrets");
  return slot.clear(), Stored{};
}

// A YAML double-quoted string, always: no value is then ever read as another type.
std::string yaml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\', out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string print(const std::string& v) {
  return yaml_quoted(v);
}
std::string print(bool v) {
  return v ? "true" : "false";
}
std::string print(std::uint64_t v) {
  return fmt::to_string(v);
}
std::string print(Duration v) {
  return to_text(v);
}
std::string print(Size v) {
  return to_text(v);
}
std::string print(const Secret& v) {
  return v.empty() ? "\"\"" : "\"********\"";
}
std::string print(const std::filesystem::path& v) {
  return yaml_quoted(v.string());
}
std::string print(const Words& v) {
  std::vector<std::string> items;
  for (const auto& word : v) items.push_back(yaml_quoted(word));
  return fmt::format("[{}]", fmt::join(items, ", "));
}
std::string print(const Labels& v) {
  std::vector<std::string> items;
  for (const auto& [name, text] : v) items.push_back(yaml_quoted(name) + ": " + yaml_quoted(text));
  return fmt::format("{{{}}}", fmt::join(items, ", "));
}

std::string print(const Secrets& v) {
  std::vector<std::string> items;
  for (const auto& [name, secret] : v) items.push_back(yaml_quoted(name) + ": " + print(secret));
  return fmt::format("{{{}}}", fmt::join(items, ", "));
}

struct TypeName {
  std::string_view operator()(const std::string*) const { return "text"; }
  std::string_view operator()(const bool*) const { return "true or false"; }
  std::string_view operator()(const std::uint64_t*) const { return "whole number"; }
  std::string_view operator()(const Duration*) const { return "duration"; }
  std::string_view operator()(const Size*) const { return "size"; }
  std::string_view operator()(const Secret*) const { return "secret"; }
  std::string_view operator()(const std::filesystem::path*) const { return "path"; }
  std::string_view operator()(const Words*) const { return "list of texts"; }
  std::string_view operator()(const Labels*) const { return "map of texts"; }
  std::string_view operator()(const Secrets*) const { return "map of secrets"; }
};

}  // namespace

std::string_view type_name(const Slot& slot) {
  return std::visit(TypeName{}, slot);
}

std::expected<void, std::string> store(const Key& key, std::string_view text) {
  if (!key.choices.empty() && std::ranges::find(key.choices, text) == key.choices.end()) {
    std::string expected = fmt::format("one of {}", fmt::join(key.choices, ", "));
    if (const auto near = nearest(text, key.choices); !near.empty())
      expected += fmt::format("; did you mean {}?", near);
    return std::unexpected(std::move(expected));
  }
  return std::visit([&](auto* slot) { return store_in(*slot, text); }, key.slot);
}

std::string written(const Slot& slot) {
  return std::visit([](const auto* value) { return print(*value); }, slot);
}

Diagnostics assign(Config& config, const std::vector<std::string>& assignments) {
  Diagnostics bad;
  const auto report = [&](std::string message, std::string hint) {
    bad.push_back(
        {Severity::Error, "config_bad_value", "--set: " + std::move(message), {}, {}, std::move(hint)});
  };
  for (const auto& assignment : assignments) {
    std::vector<std::string> names;
    const auto equals = assignment.find('=');
    const std::string name = assignment.substr(0, equals);
    bool found = false;
    for (const auto& section : sections()) {
      if (section.shape == Shape::List) continue;
      const auto elements = section.elements(config);
      for (const auto& key : elements.front()) {
        names.push_back(fmt::format("{}.{}", section.name, key.name));
        if (names.back() != name || equals == std::string::npos) continue;
        found = true;
        if (const auto stored = store(key, assignment.substr(equals + 1)); !stored) {
          report(fmt::format("{} is not valid", name), "write " + stored.error());
        }
      }
    }
    if (found) continue;
    const auto near = nearest(name, {names.begin(), names.end()});
    report(fmt::format("there is no key \"{}\", or no =", name),
           near.empty() ? "" : fmt::format("did you mean {}?", near));
  }
  return bad;
}

bool same(const Slot& a, const Slot& b) {
  return std::visit(
      [&](auto* value) {
        const auto* const* other = std::get_if<std::decay_t<decltype(value)>>(&b);
        return other && *value == **other;
      },
      a);
}

}  // namespace signalbox::app
