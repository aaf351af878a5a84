// response: on the way back, edits the rows of an answer; on a request, answers it with a given result.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kMasks[] = {"full", "nullify", "partial", "keep_last",
                                       "hash", "regex",   "format",  "value"};
constexpr std::string_view kOpaque[] = {"mask", "pass"};
constexpr std::string_view kOneOf[] = {"columns", "drop", "rows", "answer"};
constexpr Condition kColumns[] = {{"columns"}};
constexpr Condition kColumnsOrDrop[] = {{"columns"}, {"drop"}};
constexpr Condition kPartial[] = {{"mask", "partial"}};
constexpr Condition kKeepsEnd[] = {{"mask", "partial"}, {"mask", "keep_last"}};
constexpr Condition kRegex[] = {{"mask", "regex"}};
constexpr Condition kValue[] = {{"mask", "value"}};
constexpr Condition kKeyed[] = {{"mask", "hash"}, {"mask", "format"}};
constexpr ParameterSpec kParameters[] = {
    {.name = "mask",
     .type = ParameterType::Name,
     .summary = "what becomes of the values of `columns`; what a mask cannot do for a type becomes `full`",
     .fallback = "full",
     .choices = kMasks,
     .hooks = kResponseHooks,
     .only_if = kColumns},
    {.name = "columns",
     .type = ParameterType::TextList,
     .summary = "columns to mask: `schema.table.column`, `table.column` or `column`, `*` in any part",
     .hooks = kResponseHooks},
    {.name = "first",
     .type = ParameterType::Integer,
     .summary = "`partial`: characters that stay at the beginning",
     .fallback = "0",
     .max = 1000,
     .only_if = kPartial},
    {.name = "last",
     .type = ParameterType::Integer,
     .summary = "`partial` and `keep_last`: characters that stay at the end",
     .fallback = "0; 4 for `keep_last`",
     .max = 1000,
     .only_if = kKeepsEnd},
    {.name = "fill",
     .summary = "`partial`: the character for the others",
     .fallback = "*",
     .only_if = kPartial},
    {.name = "pattern",
     .summary = "`regex`: what is replaced (RE2)",
     .only_if = kRegex,
     .needed_if = kRegex,
     .is_code = true},
    {.name = "replacement", .summary = "`regex`: by what; `\\1` is the first group", .only_if = kRegex},
    {.name = "value",
     .summary = "`value`: what texts become",
     .templated = true,
     .only_if = kValue,
     .needed_if = kValue},
    {.name = "key",
     .summary = "`hash` and `format`: name of a key in the configuration (actions.masking.keys)",
     .only_if = kKeyed,
     .needed_if = kKeyed},
    {.name = "opaque",
     .type = ParameterType::Name,
     .summary = "values that cannot be traced (functions of the site's own): masked `full`, or passed",
     .fallback = "mask",
     .choices = kOpaque,
     .only_if = kColumnsOrDrop},
    {.name = "drop",
     .type = ParameterType::TextList,
     .summary = "columns to leave out, also from the description of the result",
     .hooks = kResponseHooks},
    {.name = "rows",
     .type = ParameterType::Integer,
     .summary = "no more rows than this in one answer; the portions of a portal are one",
     .hooks = kResponseHooks},
    {.name = "answer",
     .type = ParameterType::Any,
     .summary = "on a request: the result to give, `{columns: [name, ...], rows: [[value, ...], ...]}`",
     .templated = true,
     .hooks = kRequestHooks}};
}  // namespace

ActionSpec response() {
  return {
      .name = "response",
      .hooks = kTrafficHooks,
      .phase = Phase::Rewriting,
      .verdict = Verdict::Response,
      .parameters = kParameters,
      .one_of = kOneOf,
      .summary = "Edit the rows of an answer (mask, drop, cap), or answer a request with a given result.",
      .details =
          "On the way back (`traffic_from_server`, `traffic_to_client`) it is decided when a result begins, "
          "with "
          "`response.columns`, before any row has passed; rows are edited one at a time. A column is masked "
          "wherever its values go: through aliases, sub-selects, WITH, joins, UNION, `*`, RETURNING, "
          "cursors, "
          "COPY TO STDOUT. What is computed from a masked column, and what cannot be traced, is masked "
          "`full`; "
          "the text of errors and notices of such a statement is withheld; of one that only writes to the "
          "table, "
          "notices and an error's DETAIL, HINT and CONTEXT, which may quote whole rows. A view counts as a "
          "table: "
          "name it "
          "too. Not hidden is which rows there are (WHERE, ORDER BY), nor what a statement writes for others "
          "to "
          "read "
          "(INSERT ... SELECT, set_config): refuse those by `query.columns`. Several `response` actions all "
          "hold. On a "
          "request only `answer` makes sense; its values are texts.",
      .example = "- response: {mask: partial, columns: [customers.email], last: 4}"};
}

}  // namespace signalbox::actions::catalog
