// Statements: the session's prepared statements and portals with their SQL, as far as the server has
// confirmed them (ParseComplete, BindComplete, CloseComplete). Needed when policies change: what was prepared
// under earlier ones is decided again before it runs. Bounded: a text beyond the bound is remembered as
// unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/session/book.h"
#include "proxy/session/refusal.h"

namespace signalbox::proxy {

/// A text longer than this is not kept; its statement counts as unknown when policies change or values are
/// bound.
inline constexpr std::size_t kLongestKeptText = 64 * 1024;

struct PreparedText {
  std::string text;
  bool known = true;                 ///< false: too long to keep, or prepared by other means (SQL PREPARE)
  bool undecided = false;            ///< it is decided each time values are bound to it
  std::uint64_t revision = 0;        ///< number of the policies under which it was decided
  std::string types;                 ///< parameter types that Parse gave, four bytes each
  std::unique_ptr<Refusal> refused;  ///< by policies that came after it; null = permitted
};

class Statements {
 public:
  explicit Statements(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// A Parse, Bind or Close with this companion has succeeded. May take the companion's text.
  void confirm(Request request, Companion& companion);
  /// ReadyForQuery outside a transaction: every portal is gone.
  void transaction_ended() { unnamed_portal_.reset(), portals_.clear(); }
  /// DISCARD ALL, DEALLOCATE ALL.
  void forget_all();

  /// The statement a portal runs; null when it is not known.
  std::shared_ptr<PreparedText> of_portal(std::string_view portal) const;
  std::shared_ptr<PreparedText> of_statement(std::string_view statement) const;
  bool empty() const { return statements_.empty() && !unnamed_; }
  /// The server may know statements that are not remembered here: there was no room.
  bool overflowed() const { return overflowed_; }

  /// Every text that can still run.
  std::vector<std::shared_ptr<PreparedText>> all() const;

  std::size_t bytes() const { return bytes_; }

 private:
  using Text = std::shared_ptr<PreparedText>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Names = std::unordered_map<std::string, Text, Hash, std::equal_to<>>;

  void parsed(Companion& companion);
  void erase_statement(std::string_view name);

  std::size_t limit_;
  std::size_t bytes_ = 0;  ///< of named statements
  bool overflowed_ = false;
  Text unnamed_;
  Text unnamed_portal_;
  Names statements_;
  Names portals_;
};

}  // namespace signalbox::proxy
