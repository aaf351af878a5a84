// An explanation as text for people: verdict, what was asked for, what was read, and what became of each
// rule.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace signalbox::app::cli {

struct ExplainedOptions {
  bool facts = false;       ///< the whole input document as well
  bool every_rule = false;  ///< rules too that are off or about another hook
};

/// `answer` as admin::rehearse() gives it.
std::string explained(const nlohmann::ordered_json& answer, const ExplainedOptions& options);

bool refuses(const std::string& verdict);

}  // namespace signalbox::app::cli
