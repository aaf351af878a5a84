// Rewriting is the grammar's; here are the bounds, and what holds whatever the grammar.
#include "sql/rewrite.h"

#include "sql/grammar.h"

namespace signalbox::sql {
namespace {

/// Longer texts are not rewritten: writing them out again costs ten times what reading them does.
constexpr std::size_t kLongestText = std::size_t{1} << 20;

}  // namespace

std::expected<Rewritten, RewriteError> rewrite(std::string_view text, const Rewrite& edits,
                                               const AnalyzeOptions& options) {
  if (text.size() > kLongestText) return std::unexpected(RewriteError{"it is too long"});
  if (text.find('\0') != std::string_view::npos) return std::unexpected(RewriteError{"it has a NUL byte"});
  return grammar_for(options.server_version).rewrite(text, edits, options);
}

}  // namespace signalbox::sql
