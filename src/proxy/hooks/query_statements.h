// QueryStatements: a query taken apart into the statements that are decided, each by itself:
//
//   insert into a values (1); explain analyze delete from b; execute p(7)
//
// gives the INSERT, the EXPLAIN, the DELETE inside it, the EXECUTE, and the statement that p stands for with
// 7 for $1. A rule about DELETE needs to know nothing of the ways in which one can be wrapped.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/hooks/event.h"
#include "proxy/hooks/names.h"
#include "proxy/hooks/path_change.h"
#include "sql/analyze.h"
#include "sql/facts.h"

namespace signalbox::proxy {

/// One of them. Borrows from its QueryStatements.
struct QueryStatement {
  std::string_view text;  ///< its own; of a statement inside another, the text of the one around it
  const sql::StatementFacts* facts = nullptr;            ///< null: a FunctionCall has none
  const sql::QueryFacts* query = nullptr;                ///< of the whole text that was analysed
  std::uint32_t count = 1;                               ///< statements of the query
  const std::vector<sql::Literal>* arguments = nullptr;  ///< of the EXECUTE that runs it
};

/// The settings of the event's session and server that change what SQL text means.
sql::AnalyzeOptions analyze_options(const Event& event);

/// A text from earlier is read as it was then.
void read_as(sql::AnalyzeOptions& options, const Reading& reading);

class QueryStatements {
 public:
  /// Analyses the event's query, and what its EXECUTE and FETCH refer to. Outlives the event: it has a copy
  /// of the text.
  explicit QueryStatements(const Event& event);
  QueryStatements(const QueryStatements&) = delete;
  QueryStatements& operator=(const QueryStatements&) = delete;

  /// It says the same of `text`, in the same session.
  bool is_of(std::string_view text) const { return text == text_; }
  /// What it takes, roughly.
  std::size_t bytes() const;

  /// Never empty. In the order of the text, what is inside a statement right behind it.
  const std::vector<QueryStatement>& all() const { return all_; }

  /// The query's statement of this number; null when there is none.
  const QueryStatement* top_level(std::uint32_t index) const;

  /// What the name in the query's statement of this number stands for in the end (EXECUTE, FETCH); null when
  /// it refers to nothing that is known.
  const NamedText* stands_for(std::uint32_t index) const;

  /// Names were looked up: the same text may stand for something else in another session, or later.
  bool refers() const { return refers_; }
  /// A name whose text should be known and is not: TooLong or Earlier. The query must be refused.
  std::optional<Names::Knowledge> missing() const { return missing_; }
  /// The prepared statement of which a value would be known if the server said what types it has given to
  /// parameters.
  const std::optional<std::string>& untold() const { return untold_; }
  /// The first statement ends a transaction.
  bool ends_transaction() const;
  /// Unqualified names may mean other tables once it has run: settings, transactions, code that could set
  /// one.
  std::vector<PathChange> path_changes() const;
  /// Something is created, altered or dropped.
  bool defines() const;
  const std::vector<NameChange>& changes() const { return changes_; }
  /// Another query of this one's shape (sql/shape.h) may be another matter.
  bool depends_on_constants() const;

 private:
  const sql::QueryFacts& analyse(std::string_view text, const sql::AnalyzeOptions& options);
  void take_apart(const Event& event);
  void tell_carriers();
  const sql::StatementFacts& bare(const sql::StatementFacts& prepare);
  void add(QueryStatement statement, const Event& event, int depth);
  void follow(const QueryStatement& reference, const Event& event, int depth);
  Names::Found look_up(const sql::StatementFacts& reference, const Event& event) const;
  const NameChange* changed_before(const sql::StatementFacts& reference) const;
  std::vector<QueryStatement> named(const Names::Found& found, const QueryStatement& reference,
                                    const Event& event);
  void note_change(const sql::StatementFacts& facts);

  std::string text_;
  std::deque<std::string> texts_;         ///< of names, which may change meanwhile
  std::deque<sql::QueryFacts> analysed_;  ///< the query, then what its names stand for
  std::deque<sql::StatementFacts> made_;  ///< facts with a name's meaning put in
  std::vector<std::pair<std::uint32_t, NamedText>> followed_;
  std::vector<QueryStatement> all_;
  std::vector<NameChange> changes_;
  bool refers_ = false;
  std::optional<Names::Knowledge> missing_;
  std::optional<std::string> untold_;
};

}  // namespace signalbox::proxy
