// The startup parameter `options`: command-line switches for the server process, of which the ones that set
// parameters matter here. As PostgreSQL splits and reads them (pg_split_opts, process_postgres_switches).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox::proxy::wire {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// Names in lower case, with '_' for '-'. Nothing when there is a switch that is neither -c nor --name=value.
std::optional<NamedValues> parse_options(std::string_view options);

/// The same as switches; "" for none.
std::string format_options(const NamedValues& settings);

}  // namespace signalbox::proxy::wire
