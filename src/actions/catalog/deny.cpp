// deny: refuses as PostgreSQL itself would.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kTransaction[] = {"abort", "keep"};
constexpr ParameterSpec kParameters[] = {
    kSqlState,
    kMessage,
    kDetail,
    kHint,
    {.name = "transaction",
     .type = ParameterType::Name,
     .summary =
         "what becomes of an open transaction: aborted, as after any error of PostgreSQL's, or left as it is",
     .fallback = "abort",
     .choices = kTransaction,
     .hooks = kRequestHooks}};
}  // namespace

ActionSpec deny() {
  return {
      .name = "deny",
      .hooks = kAnswerableHooks,
      .verdict = Verdict::Deny,
      .parameters = kParameters,
      .summary = "Refuse, as PostgreSQL itself would.",
      .details =
          "The client gets an ErrorResponse; an open transaction is aborted, the rest of a pipeline up to "
          "Sync "
          "is skipped, and the session lives on. While a session is being opened, the refusal is FATAL and "
          "ends it. On the way back the answer is withheld and the error stands in its place; what has run "
          "has "
          "run, and an open transaction stays open.",
      .example = "- deny: {sqlstate: \"42501\", message: \"{{ session.user }} may not do this\"}"};
}

}  // namespace signalbox::actions::catalog
