// Fields of one response name that cannot be merged (specification, section 5.3.2).
#pragma once

#include <vector>

#include "policy/builtins/graphql/schema.h"

namespace signalbox::policy::graphql {

void overlapping_fields(const Schema& schema, const Value& query, const Value& operation,
                        const Definition* root, std::vector<Complaint>& complaints);

}  // namespace signalbox::policy::graphql
