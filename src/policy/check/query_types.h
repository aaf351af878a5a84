// Whether the types of a query are checked.
#pragma once

namespace signalbox::policy::check {

/// Machines write queries whose types cannot fit, and mean that they have no answer.
enum class QueryTypes : bool { Ignored, Checked };

}  // namespace signalbox::policy::check
