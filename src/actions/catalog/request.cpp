// request: edits the statement before it is sent.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kOneOf[] = {"where", "limit", "tables", "schema", "columns", "timeout"};
constexpr Condition kWhere[] = {{"where"}};
constexpr ParameterSpec kParameters[] = {
    {.name = "where",
     .type = ParameterType::TextMap,
     .summary = "table -> condition that holds for its rows; facts stand in it as $1, $2, ..., never as text",
     .is_code = true},
    {.name = "values",
     .type = ParameterType::Any,
     .summary = "list of what $1, $2, ... of `where` are: literals, whatever they hold",
     .templated = true,
     .only_if = kWhere},
    {.name = "limit",
     .type = ParameterType::Integer,
     .summary = "most rows of a SELECT; a smaller LIMIT of its own stays"},
    {.name = "tables", .type = ParameterType::TextMap, .summary = "table -> the one to take instead"},
    {.name = "schema", .summary = "schema of tables that are named without one"},
    {.name = "columns",
     .type = ParameterType::TextList,
     .summary = "the columns that a SELECT from one table may show; `*` means these"},
    {.name = "timeout",
     .type = ParameterType::Duration,
     .summary =
         "as `statement_timeout`: what runs longer is cancelled; a shorter one of the session's own stays",
     .min = 0.001,
     .max = 2'592'000}};
}  // namespace

ActionSpec request() {
  return {
      .name = "request",
      .hooks = kRequestHooks,
      .phase = Phase::Rewriting,
      .verdict = Verdict::Request,
      .parameters = kParameters,
      .one_of = kOneOf,
      .summary =
          "Edit the statement: conditions on tables, a row limit, other tables or schema, fewer columns, a "
          "statement timeout.",
      .details =
          "Edits are made on PostgreSQL's parse tree, which is written out and parsed again; the text is "
          "never "
          "edited. A condition holds wherever the table is read (joins, sub-selects, WITH), updated or "
          "deleted "
          "from; it says nothing of what INSERT writes. The new text is decided as if the client had sent "
          "it. A "
          "statement is edited when its text comes (Query, Parse, PREPARE, DECLARE); when it runs, the same "
          "edits "
          "must still be asked for, or it is refused: prepare it again. What cannot be edited safely is "
          "refused "
          "with SQLSTATE 0A000: several statements in one query, MERGE, TRUNCATE, COPY or TABLESAMPLE of a "
          "table "
          "under a condition, a DO or function whose body uses that table, SQL in strings, and what cannot "
          "be written out as the same tree. Several `request` actions all "
          "hold.",
      .example =
          "- request: {where: {orders: owner = $1}, values: [\"{{ session.user }}\"], limit: "
          "1000}"};
}

}  // namespace signalbox::actions::catalog
