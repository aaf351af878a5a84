// Statements: the session's prepared statements, portals and cursors with their SQL, as far as the server has
// confirmed them (ParseComplete, BindComplete, CloseComplete, CommandComplete of a PREPARE or DECLARE).
// Needed where a name stands for a text: EXECUTE, FETCH and Bind are decided by what it stands for; and when
// policies change, what was prepared under earlier ones is decided again before it runs. Bounded: a text
// beyond the bound is remembered as unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "proxy/hooks/names.h"
#include "proxy/session/book.h"
#include "proxy/session/refusal.h"

namespace signalbox::proxy {

/// A text longer than this is not kept; its statement counts as unknown when policies change or values are
/// bound.
inline constexpr std::size_t kLongestKeptText = 64 * 1024;

struct PreparedText {
  std::string text;
  bool known = true;               ///< false: too long to keep
  bool carried = false;            ///< the text is a PREPARE or DECLARE, and the statement inside it
  Reading reading;                 ///< how it was read when it came
  bool undecided = false;          ///< it is decided each time values are bound to it
  std::uint64_t revision = 0;      ///< number of the policies under which it was decided
  std::uint64_t round = 0;         ///< the last one in which everything prepared was decided again
  std::string edits;               ///< that policies asked for and got when its text came
  std::optional<std::string> tag;  ///< the CommandComplete that the client expects instead of the server's
  std::string types;               ///< parameter types that Parse gave, four bytes each
  std::vector<std::uint32_t> described;  ///< those that the server has made of them, once it has said
  std::unique_ptr<Refusal> refused;      ///< by policies that came after it; null = permitted
  std::shared_ptr<const std::vector<NameChange>> changes;  ///< of names, when it runs
  std::shared_ptr<const QueryRuling> acts;                 ///< asks for actions each time it is executed
  /// What it does to the search_path when it is executed; null: nobody knows.
  std::shared_ptr<const std::vector<PathChange>> path;

  NamedText named() const { return {.text = text, .carried = carried, .reading = reading, .edits = edits}; }
};

class Statements final : public Names {
 public:
  /// `metrics` (null: nobody counts): its gauge of memory follows bytes(), and gets all back at the end.
  explicit Statements(std::size_t limit_bytes, MetricsShard* metrics = nullptr)
      : limit_(limit_bytes), metrics_(metrics) {}
  ~Statements() override { charge(-static_cast<std::ptrdiff_t>(bytes_)); }
  Statements(const Statements&) = delete;
  Statements& operator=(const Statements&) = delete;

  /// A Parse, Bind, Execute or Close with this companion has succeeded. May take the companion's text.
  void confirm(Request request, Companion& companion);
  /// One more statement of this Query has succeeded.
  void completed(Companion& query);
  /// ParameterDescription.
  void described(std::string_view statement, std::vector<std::uint32_t> types);
  /// Queries pass that nobody looks into: names may come to be without being seen.
  void unread() { unread_ = true; }
  /// Code may run that nobody has read, and prepare or open what it likes.
  void code_runs() { made_by_code_ = true; }
  /// Number of the policies by which all here has been judged.
  void judged_under(std::uint64_t revision) { revision_ = revision; }

  Found prepared(std::string_view name) const override;
  Found cursor(std::string_view name) const override;
  void will_change() { names_change_ = true; }
  /// Some prepared text changes names when it is executed.
  bool names_change() const { return names_change_; }
  /// ReadyForQuery outside a transaction: every portal is gone.
  void transaction_ended() { unnamed_portal_.reset(), portals_.clear(); }
  void deallocated_all();
  /// DISCARD ALL: nothing is left, seen or not.
  void discarded_all();

  /// The statement a portal runs; null when it is not known.
  std::shared_ptr<PreparedText> of_portal(std::string_view portal) const;
  std::shared_ptr<PreparedText> of_statement(std::string_view statement) const;
  /// The same as of_portal() for a cursor that was DECLAREd.
  std::shared_ptr<PreparedText> of_cursor(std::string_view cursor) const;
  bool empty() const { return statements_.empty() && !unnamed_; }
  /// The server has named ones.
  bool holds_named() const { return !statements_.empty() || overflowed_; }
  /// The server may know statements that are not remembered here: there was no room.
  bool overflowed() const { return overflowed_; }

  /// A name that is not here may be one that code has made.
  bool may_be_of_code() const { return made_by_code_; }

  /// Whatever the server has prepared or declared is here.
  bool all_seen() const { return !unread_ && !overflowed_ && !made_by_code_; }

  /// Every text that can still run.
  std::vector<std::shared_ptr<PreparedText>> all() const;

  std::size_t bytes() const { return bytes_; }

 private:
  using Text = std::shared_ptr<PreparedText>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using ByName = std::unordered_map<std::string, Text, Hash, std::equal_to<>>;

  void parsed(Companion& companion);
  void erase_statement(std::string_view name);
  void executed(std::string_view portal);
  void apply(const NameChange& change, std::string_view query, const PreparedText& like);
  void define(ByName& names, const NameChange& change, std::string_view query, const PreparedText& like);
  void erase(ByName& names, std::string_view name);
  void forget(ByName& names);
  void charge(std::ptrdiff_t bytes);

  std::size_t limit_;
  MetricsShard* metrics_;
  std::size_t bytes_ = 0;  ///< of named statements and cursors
  Text unnamed_;
  Text unnamed_portal_;
  ByName statements_;
  ByName portals_;
  ByName cursors_;  ///< of DECLARE; a name outlives its cursor, which does no harm
  bool unread_ = false;
  bool overflowed_ = false;
  bool made_by_code_ = false;
  bool names_change_ = false;
  std::uint64_t revision_ = 0;
};

}  // namespace signalbox::proxy
