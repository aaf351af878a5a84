// load(): the text of signalbox.yaml -> Config, by walking the YAML tree beside the tables of keys.cpp. This
// is the one file of the room that includes yaml-cpp. A nested key is looked up by its dotted name, so the
// tables stay flat. yaml-cpp counts rows and columns from 0 and lets the same key stand twice; both are
// mended here.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cassert>
#include <fstream>
#include <iterator>
#include <set>

#include "app/config/config.h"
#include "app/config/expand.h"
#include "app/config/slot.h"

namespace signalbox::app {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  std::expected<Config, Diagnostics> read() {
    try {
      const YAML::Node root = YAML::Load(std::string(text_));
      if (!root.IsNull()) read_root(root);
    } catch (const YAML::ParserException& e) {
      report(e.mark, "config_not_yaml", e.msg);
    }
    if (bad_.empty()) return std::move(config_);
    sort_by_position(bad_);
    return std::unexpected(std::move(bad_));
  }

 private:
  void read_root(const YAML::Node& root) {
    std::vector<std::string_view> names;
    for (const auto& section : sections()) names.push_back(section.name);
    for_each_entry(root, "", [&](const std::string& name, const YAML::Node& at, const YAML::Node& value) {
      const auto section = std::ranges::find(sections(), name, &Section::name);
      if (section == sections().end()) return unknown(at, name, "section", names);
      section->shape == Shape::List ? read_list(*section, value) : read_object(*section, value);
    });
  }

  void read_object(const Section& section, const YAML::Node& value) {
    if (value.IsNull()) return;
    read_keys(section.elements(config_).front(), value, std::string(section.name) + ".", "");
  }

  void read_list(const Section& section, const YAML::Node& value) {
    if (value.IsNull()) return;
    if (!value.IsSequence()) {
      return report(value.Mark(), "config_bad_value", fmt::format("{} is a list", section.name),
                    "start every element with \"- \"");
    }
    for (const auto& element : value) {
      section.append(config_);
      const Keys keys = section.elements(config_).back();
      set_defaults(keys);
      read_keys(keys, element, fmt::format("{}[].", section.name), "");
    }
  }

  // `shown` is how messages name the element; `prefix` is how far down in dotted names we are.
  void read_keys(const Keys& keys, const YAML::Node& map, const std::string& shown,
                 const std::string& prefix) {
    for_each_entry(
        map, shown + prefix, [&](const std::string& name, const YAML::Node& at, const YAML::Node& value) {
          const std::string dotted = prefix + name;
          const auto key = std::ranges::find(keys, dotted, &Key::name);
          if (key != keys.end()) return read_value(*key, value, shown + dotted);
          const bool nests =
              std::ranges::any_of(keys, [&](const Key& k) { return k.name.starts_with(dotted + "."); });
          if (nests) return read_keys(keys, value, shown, dotted + ".");
          std::vector<std::string_view> names;
          for (const auto& k : keys) names.push_back(k.name);
          unknown(at, dotted, "key", names);
        });
  }

  void read_value(const Key& key, const YAML::Node& value, const std::string& shown) {
    if (auto* const* words = std::get_if<Words*>(&key.slot)) return read_words(**words, value, shown);
    if (auto* const* labels = std::get_if<Labels*>(&key.slot)) return read_labels(**labels, value, shown);
    if (auto* const* secrets = std::get_if<Secrets*>(&key.slot)) return read_secrets(**secrets, value, shown);
    if (!value.IsScalar() && !value.IsNull()) {
      return report(value.Mark(), "config_bad_value",
                    fmt::format("{} is not a {}", shown, type_name(key.slot)));
    }
    auto text =
        value.IsNull() ? std::expected<std::string, std::string>("") : expand_environment(value.Scalar());
    if (text && std::holds_alternative<Secret*>(key.slot)) text = expand_secret(*text, directory());
    if (!text)
      return report(value.Mark(), "config_bad_reference", fmt::format("{}: {}", shown, text.error()));
    if (const auto stored = store(key, *text); !stored) {
      return report(value.Mark(), "config_bad_value", fmt::format("{}: \"{}\" is not valid", shown, *text),
                    "write " + stored.error());
    }
    if (auto* const* path = std::get_if<std::filesystem::path*>(&key.slot)) make_absolute(**path);
    if (!key.words.empty()) make_absolute(*std::get<std::string*>(key.slot), key.words);
  }

  void read_words(Words& words, const YAML::Node& value, const std::string& shown) {
    if (!value.IsSequence())
      return report(value.Mark(), "config_bad_value", fmt::format("{} is a list of texts", shown));
    for (const auto& element : value) {
      if (!element.IsScalar()) {
        report(element.Mark(), "config_bad_value", fmt::format("{} is a list of texts", shown));
        continue;
      }
      const auto text = expand_environment(element.Scalar());
      if (!text) report(element.Mark(), "config_bad_reference", fmt::format("{}: {}", shown, text.error()));
      words.push_back(text.value_or(""));
    }
  }

  void read_labels(Labels& labels, const YAML::Node& value, const std::string& shown) {
    for_each_entry(value, shown, [&](const std::string& name, const YAML::Node&, const YAML::Node& text) {
      if (!text.IsScalar())
        return report(text.Mark(), "config_bad_value", fmt::format("{}.{} is a text", shown, name));
      const auto expanded = expand_environment(text.Scalar());
      if (!expanded) {
        return report(text.Mark(), "config_bad_reference",
                      fmt::format("{}.{}: {}", shown, name, expanded.error()));
      }
      labels[name] = *expanded;
    });
  }

  void read_secrets(Secrets& secrets, const YAML::Node& value, const std::string& shown) {
    for_each_entry(value, shown, [&](const std::string& name, const YAML::Node&, const YAML::Node& text) {
      auto secret = text.IsScalar()
                        ? expand_environment(text.Scalar())
                        : std::expected<std::string, std::string>(std::unexpect, "it is not a text");
      if (secret) secret = expand_secret(*secret, directory());
      if (!secret) {
        return report(text.Mark(), "config_bad_reference",
                      fmt::format("{}.{}: {}", shown, name, secret.error()));
      }
      secrets[name] = Secret(*secret);
    });
  }

  template <class Visit>
  void for_each_entry(const YAML::Node& map, std::string_view shown, Visit visit) {
    if (map.IsNull()) return;
    if (!map.IsMap()) {
      if (shown.ends_with('.')) shown.remove_suffix(1);
      return report(map.Mark(), "config_bad_value",
                    fmt::format("{} is a map of keys to values", shown.empty() ? "the file" : shown));
    }
    std::set<std::string> seen;
    for (const auto& entry : map) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (!seen.insert(name).second) {
        report(entry.first.Mark(), "config_duplicate_key", fmt::format("{} stands here twice", name));
        continue;
      }
      visit(name, entry.first, entry.second);
    }
  }

  void unknown(const YAML::Node& at, std::string_view name, std::string_view what,
               const std::vector<std::string_view>& known) {
    const std::string_view near = nearest(name, known);
    report(at.Mark(), "config_unknown_key", fmt::format("there is no {} \"{}\"", what, name),
           near.empty() ? std::string("`signalbox config schema` lists all keys")
                        : fmt::format("did you mean {}?", near));
  }

  void report(const YAML::Mark& mark, std::string code, std::string message, std::string hint = {}) {
    const bool known = !mark.is_null();
    const auto row = known ? static_cast<std::uint32_t>(mark.line + 1) : 0;
    const auto col = known ? static_cast<std::uint32_t>(mark.column + 1) : 0;
    bad_.push_back({Severity::Error,
                    std::move(code),
                    std::move(message),
                    {file_, row, col},
                    std::string(quotable(line_of(text_, row))),
                    std::move(hint)});
  }

  // A line that holds a secret, or was meant to, is not repeated in a message.
  static std::string_view quotable(std::string_view line) {
    for (const std::string_view word : {"token", "secret", "password"}) {
      if (line.contains(word)) return {};
    }
    return line;
  }

  std::filesystem::path directory() const { return std::filesystem::path(file_).parent_path(); }

  void make_absolute(std::filesystem::path& path) const {
    if (!path.empty() && path.is_relative()) path = directory() / path;
  }

  void make_absolute(std::string& text, const std::vector<std::string_view>& words) const {
    if (std::ranges::find(words, text) != words.end()) return;
    std::filesystem::path path = text;
    make_absolute(path);
    text = path.string();
  }

  std::string_view text_;
  std::string file_;
  Config config_ = defaults();
  Diagnostics bad_;
};

}  // namespace

void set_defaults(const Keys& keys) {
  for (const auto& key : keys) {
    [[maybe_unused]] const auto stored = store(key, key.fallback);
    assert(stored && "a default in keys.cpp is not of its key's type");
  }
}

Config defaults() {
  Config config;
  for (const auto& section : sections()) {
    for (const auto& keys : section.elements(config)) set_defaults(keys);
  }
  return config;
}

std::expected<Config, Diagnostics> load(std::string_view text, const std::string& file) {
  return Reader(text, file).read();
}

std::expected<Config, Diagnostics> load_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(file, ignored)) {
    return std::unexpected(Diagnostics{{Severity::Error,
                                        "config_unreadable",
                                        "cannot read the file",
                                        {file.string(), 0, 0},
                                        "",
                                        "check the path, which must be a file's, and its permissions"}});
  }
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return load(text, file.string());
}

}  // namespace signalbox::app
