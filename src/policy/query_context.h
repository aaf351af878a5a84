// The module around a query: what its names mean, and which words are keywords in it. Private to the facade.
#pragma once

#include <expected>

#include "policy/engine.h"
#include "policy/syntax/parsing.h"

namespace signalbox::policy {

/// A module without rules: package and imports of `context`, or what is wrong with them.
std::expected<ast::Module, Diagnostics> surroundings_of(const QueryContext& context,
                                                        const LoadOptions& options);

/// How a query in these surroundings is parsed.
ast::ParseOptions parsing_in(const ast::Module& surroundings);

}  // namespace signalbox::policy
