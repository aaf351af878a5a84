// Answer: what the server says to one statement, as far as policies may want to know it. Only kept where a
// policy subscribes to the way back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/hooks/decider.h"
#include "proxy/hooks/event.h"
#include "proxy/hooks/query_statements.h"

namespace signalbox::proxy {

struct Pending;
struct PreparedText;

/// RowDescription, CopyOutResponse.
inline bool begins_rows(char type) {
  return type == 'T' || type == 'H';
}

/// CommandComplete, ErrorResponse, EmptyQueryResponse, PortalSuspended, FunctionCallResponse.
inline bool ends_answer(char type) {
  return type == 'C' || type == 'E' || type == 'I' || type == 's' || type == 'V';
}

struct Answer {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string names;  ///< of the columns, one after the other
  std::vector<std::size_t> name_ends;
  std::vector<ColumnFact> columns;  ///< their names are put in when they are asked for
  bool described = false;
  bool begun = false;    ///< policies have seen the message that begins the rows
  bool decided = false;  ///< and the message that ends it
  bool noticed = false;  ///< and the first notice that came without rows
  bool quotes = false;   ///< its notices may say what is masked

  void begin() {
    rows = bytes = 0;
    names.clear(), name_ends.clear(), columns.clear();
    described = begun = decided = noticed = quotes = false;
  }
};

/// The event about an answer, and everything it points at.
struct AnswerEvent {
  std::string body;  ///< of the message at the front, or its beginning
  const Pending* head = nullptr;
  std::shared_ptr<PreparedText> text;
  Query query;
  ResponseFacts response;
  MessageFacts message;
  std::optional<QueryStatements> statements;
  std::uint32_t index = 0;  ///< which of the query's statements is answered
  Event event;
  /// What has been ruled on it and is not dispatched, because the answer goes on.
  std::vector<std::pair<actions::Hook, RulingPtr>> unrecorded;
};

}  // namespace signalbox::proxy
