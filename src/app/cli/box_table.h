// Tables with drawn borders, as `opa eval --format pretty` has them.
#pragma once

#include <string>
#include <vector>

namespace signalbox::app::cli {

/// Headings are centred, cells stand left; an empty heading leaves the head out, an
/// empty row is a line between rows. Ends with a newline.
std::string box_table(const std::vector<std::string>& heading,
                      const std::vector<std::vector<std::string>>& rows);

}  // namespace signalbox::app::cli
