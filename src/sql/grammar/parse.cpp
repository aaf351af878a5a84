// RawTree: calls raw_parser() the way the server does and catches its errors.
#include "sql/grammar/parse.h"

#include <mutex>
#include <string>

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

struct Outcome {
  List* statements;
  ErrorData* error;
};

Outcome call_parser(const char* text, MemoryContext context) {
  List* volatile statements = nullptr;
  ErrorData* const error = caught(context, [&] { statements = raw_parser(text, RAW_PARSE_DEFAULT); });
  return {error == nullptr ? statements : nullptr, error};
}

ParseError to_parse_error(const ErrorData& error) {
  std::string sqlstate;
  for (int code = error.sqlerrcode, i = 0; i < 5; ++i, code >>= 6)
    sqlstate += static_cast<char>((code & 0x3f) + '0');
  return {std::string(text_of(error.message)),
          error.cursorpos > 0 ? static_cast<std::uint32_t>(error.cursorpos) : 0, std::move(sqlstate)};
}

/// libpg_query keeps one pthread key for all threads and creates it anew in each: one at a time.
void prepare_thread() {
  static std::mutex mutex;
  thread_local const bool ready = [] {
    const std::scoped_lock lock(mutex);
    pg_query_init();
    return true;
  }();
  static_cast<void>(ready);
}

}  // namespace

RawTree::RawTree(std::string_view text, const AnalyzeOptions& options) {
  static thread_local std::string terminated;
  terminated.assign(text);
  prepare_thread();
  context_ = pg_query_enter_memory_context();
  standard_conforming_strings = options.standard_conforming_strings;
  escape_string_warning = false;
  backslash_quote = static_cast<decltype(backslash_quote)>(options.backslash_quote);
  const Outcome outcome = call_parser(terminated.c_str(), context_);
  if (terminated.size() > 64 * 1024) terminated = {};
  statements_ = outcome.statements;
  if (outcome.error != nullptr) error_ = to_parse_error(*outcome.error);
}

const List* RawTree::parse(const std::string& text) const {
  const Outcome outcome = call_parser(text.c_str(), context_);
  return outcome.error == nullptr ? outcome.statements : nullptr;
}

RawTree::~RawTree() {
  pg_query_exit_memory_context(context_);
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
