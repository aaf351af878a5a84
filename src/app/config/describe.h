// What the tables of the configuration say about themselves, in three forms.
#pragma once

#include <string>

#include "app/config/config.h"

namespace signalbox::app {

/// The configuration in effect as YAML, every key written out, secrets masked. load() accepts it.
std::string as_yaml(Config& config);
/// JSON Schema (2020-12) of signalbox.yaml, for editors.
std::string json_schema();
/// docs/configuration.md.
std::string as_markdown();

}  // namespace signalbox::app
