// Rewriting: another text that goes to the server in the place of the client's, because policies ask for
// `request` (an edit), `discard` (a statement that finds nothing to do) or `response` (a given result).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/hooks/decider.h"
#include "sql/rewrite.h"

namespace signalbox::proxy {

struct Rewriting {
  std::string text;
  std::string edits;  ///< what was asked for, as one text: the same edits, asked for again, are done already
  bool is_the_same = false;  ///< no edit of the text is asked for
  bool stands_in = false;    ///< it is the gateway's own and does nothing: nothing of it is to be decided
  std::optional<std::string> tag;     ///< the CommandComplete that the client expects
  std::int32_t parameters = 0;        ///< the highest $n of the client's text
  std::vector<std::int32_t> untyped;  ///< those that have no type in the new text

  /// The types of Parse, four bytes each, with one for every parameter that has none any more.
  std::string types(std::string_view given) const;
};

/// Verdicts on a request that send another text.
constexpr bool rewrites(actions::Verdict verdict) {
  return verdict == actions::Verdict::Request || verdict == actions::Verdict::Discard ||
         verdict == actions::Verdict::Response;
}

/// The query's plan does, and nothing else stands against it.
inline bool rewrites(const QueryRuling& ruling) {
  return rewrites(ruling.of(ruling.decisive).plan.verdict) && !ruling.missing;
}

/// What the plans of a query's statements ask for. `event` has the query; an error says, for the client, why
/// it cannot be done.
std::expected<Rewriting, std::string> rewriting_of(const QueryRuling& ruling,
                                                   const QueryStatements& statements, Event event);

/// The edits of all `request` actions alone: to compare with those that have been made.
std::expected<std::string, std::string> edits_of(const QueryRuling& ruling, const QueryStatements& statements,
                                                 Event event);

}  // namespace signalbox::proxy
