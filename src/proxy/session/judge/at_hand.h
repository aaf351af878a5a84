// AtHand: what has been found out about the request at the front of the client's inlet, until it has gone on
// or been refused. Judging it fills this in and says how to go on; carrying that out takes it from here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actions/hook.h"
#include "actions/record.h"
#include "proxy/hooks/decider.h"
#include "proxy/hooks/event.h"
#include "proxy/session/judge/rewriting.h"
#include "proxy/session/refusal.h"
#include "proxy/session/stop.h"

namespace signalbox::proxy {

/// A statement that waits. Owns its bytes: those it came in move meanwhile.
struct Question {
  Question(const Query& asked, MessageFacts facts);
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  std::string text;
  std::string statement;
  std::vector<ParameterFact> parameters;
  std::vector<std::string> values;
  Query query;
  MessageFacts message;
};

/// Its plan asks for more than a verdict.
struct Acting {
  Acting(const Query& query, MessageFacts message, actions::Hook at, QueryRulingPtr asks, bool from_memo)
      : question(query, message), hook(at), ruling(std::move(asks)), memoised(from_memo) {}
  Question question;
  actions::Hook hook;
  QueryRulingPtr ruling;
  bool memoised;
};

/// One for each hook of requests.
struct RulingsAtHooks {
  QueryRulingPtr from_client;
  QueryRulingPtr to_server;
};

/// What sync actions did before it was rewritten.
struct DoneBefore {
  std::string outcome;
  std::vector<actions::SyncStep> steps;
};

struct AtHand {
  QueryRulingPtr ruled;                ///< the last ruling on it, or the first that changes names
  std::optional<Refusal> refusal;      ///< Stop::Refused
  std::optional<Rewriting> rewriting;  ///< Stop::Rewrite
  std::string replacement;             ///< Stop::Replaced
  std::unique_ptr<Question> question;  ///< Stop::Ask
  std::optional<std::string> untold;   ///< Stop::Types: the prepared statement; stays when it has been asked
  std::optional<RulingsAtHooks> answers;  ///< to the question
  std::unique_ptr<Acting> acting;         ///< Stop::Act
  RulingsAtHooks acted;                   ///< has been done
  int moves = 0;                          ///< of the session to another server, for it
  bool tagged = false;                    ///< several statements: has been decided with each other's tags
  DoneBefore done;                        ///< by that, if a rewriting is still to come

  Stop refuse(Refusal why) {
    refusal = std::move(why);
    return Stop::Refused;
  }
  /// It goes on, or has been refused: what comes next is another one.
  void ends() {
    acted = {};
    moves = 0;
    tagged = false;
    untold.reset();
  }
  /// The message has been looked into, and prepares or declares something, or the opposite.
  bool changes_names() const { return ruled && !ruled->changes.empty(); }
  /// Takes note of one more ruling.
  void note(const QueryRulingPtr& ruling) {
    if (!changes_names()) ruled = ruling;
  }
};

}  // namespace signalbox::proxy
