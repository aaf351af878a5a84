// Metrics and profiles of an evaluation, in OPA's forms.
#pragma once

#include <string>

#include "app/cli/eval_result.h"

namespace signalbox::app::cli {

/// The tables of --format pretty; empty when there are none.
std::string metrics_tables(const EvalResult& result);

std::string aggregated_metrics_json(const EvalResult& result);
std::string aggregated_profile_json(const EvalResult& result);

}  // namespace signalbox::app::cli
