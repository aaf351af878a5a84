// Key: one line of a configuration table. A key is declared once, in keys.cpp, bound to the member it fills;
// reading, checking, printing, the JSON Schema and docs/configuration.md all walk the same tables.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config/units.h"
#include "base/secret.h"

namespace signalbox::app {

struct Config;

using Labels = std::map<std::string, std::string>;
using Secrets = std::map<std::string, Secret, std::less<>>;
using Words = std::vector<std::string>;

/// Where a key's value goes. The alternative is the key's type. Paths are relative to the configuration file.
using Slot = std::variant<std::string*, bool*, std::uint64_t*, Duration*, Size*, Secret*,
                          std::filesystem::path*, Words*, Labels*, Secrets*>;

enum class Reload : std::uint8_t {
  Restart,  ///< a change is reported on reload and waits for a restart
  Live,     ///< a change takes effect on reload
};

struct Key {
  std::string_view name;  ///< within its section; dots are nesting ("tls.mode")
  Slot slot;
  std::string_view fallback;  ///< as it would be written; "" is empty
  std::string_view doc;       ///< one sentence
  Reload reload = Reload::Restart;
  std::vector<std::string_view> choices = {};  ///< when not empty, the only values
  std::vector<std::string_view> words = {};    ///< when not empty, any other text is a path, too
};
using Keys = std::vector<Key>;

enum class Shape : std::uint8_t { Object, List };

struct Section {
  std::string_view name;
  Shape shape;
  std::string_view doc;
  /// The keys of every element there is, bound to `config`; one element for an object.
  std::function<std::vector<Keys>(Config& config)> elements;
  /// A list only: appends one element.
  std::function<void(Config& config)> append;
};

/// Every section of signalbox.yaml, in the order in which they are documented.
const std::vector<Section>& sections();

/// "string", "duration", ...: the word for a slot's type in messages and documentation.
std::string_view type_name(const Slot& slot);

}  // namespace signalbox::app
