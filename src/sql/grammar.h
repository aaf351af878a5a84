// Grammar: one version of PostgreSQL's parser with the walk over its parse tree, behind a function table.
// The files in grammar/ are compiled once for each version that the build has; everything else is independent
// of it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "sql/analyze.h"
#include "sql/outputs.h"
#include "sql/rewrite.h"

namespace signalbox::sql {

struct Grammar {
  int major;  ///< PostgreSQL's major version
  /// Facts of a text that is within the byte and token limits and free of NUL. `comment` is left empty.
  QueryFacts (*analyze)(std::string_view text, const AnalyzeOptions& options);
  /// sql/outputs.h, of such a text.
  Outputs (*outputs)(std::string_view text, std::uint32_t index, bool carried, const AnalyzeOptions& options);
  /// sql/rewrite.h
  std::expected<Rewritten, RewriteError> (*rewrite)(std::string_view text, const Rewrite& edits,
                                                    const AnalyzeOptions& options);
  /// injected_shapes() of a text that analyze() has accepted, as far as its parse tree tells.
  std::vector<std::string_view> (*injected_shapes)(std::string_view text, const AnalyzeOptions& options);
};

/// Those in this build, oldest first; never empty.
std::span<const Grammar* const> grammars();

/// The server's own, else the next newer: it knows all that the server knows, and what it accepts beyond that
/// the server rejects. Without one the newest there is, whose parse errors policies decide about. Version 0
/// chooses the newest.
const Grammar& grammar_for(int server_version);

}  // namespace signalbox::sql
