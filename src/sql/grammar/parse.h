// RawTree: one text parsed by PostgreSQL's grammar; the tree lives as long as this object, in a memory
// context of this thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sql/analyze.h"
#include "sql/grammar/tree.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

/// Runs `work` and returns the error that PostgreSQL raised in it, in `context`'s memory, or null. An error
/// leaves `work` by longjmp: it owns nothing that has a destructor.
template <class Work>
ErrorData* caught(MemoryContext context, Work work) {
  ErrorData* volatile error = nullptr;
  sigjmp_buf* const outer_stack = PG_exception_stack;
  ErrorContextCallback* const outer_callbacks = error_context_stack;
  sigjmp_buf here;
  if (sigsetjmp(here, 0) == 0) {
    PG_exception_stack = &here;
    work();
  } else {
    PG_exception_stack = outer_stack;
    error_context_stack = outer_callbacks;
    CurrentMemoryContext = context;
    error = CopyErrorData();
    FlushErrorState();
  }
  PG_exception_stack = outer_stack;
  error_context_stack = outer_callbacks;
  return error;
}

class RawTree {
 public:
  RawTree(std::string_view text, const AnalyzeOptions& options);
  ~RawTree();
  RawTree(const RawTree&) = delete;
  RawTree& operator=(const RawTree&) = delete;

  /// RawStmt nodes, null for an empty text or after an error.
  const List* statements() const { return statements_; }
  const std::optional<ParseError>& error() const { return error_; }

  /// Parses another text into the same memory; nothing after an error.
  const List* parse(const std::string& text) const;

 private:
  MemoryContext context_;
  const List* statements_ = nullptr;
  std::optional<ParseError> error_;
};

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
