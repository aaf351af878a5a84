// A question is copied from the event it is about.
#include "proxy/session/judge/at_hand.h"

namespace signalbox::proxy {

Question::Question(const Query& asked, MessageFacts facts)
    : text(asked.text), statement(asked.statement), query(asked), message(facts) {
  query.text = text;
  query.statement = statement;
  if (query.prepared) query.prepared->text = text;
  if (asked.parameters == nullptr) return;
  parameters = *asked.parameters;
  for (const ParameterFact& one : parameters) values.emplace_back(one.value);
  for (std::size_t i = 0; i < values.size(); ++i) parameters[i].value = values[i];
  query.parameters = &parameters;
}

}  // namespace signalbox::proxy
