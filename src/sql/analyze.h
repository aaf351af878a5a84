// analyze(): statement text -> QueryFacts. The one entry of this room for decisions.
//
// Reads PostgreSQL's raw parse tree in place. Every input gets an answer in bounded time and stack (256 KiB
// is enough): a text past a limit gets a parse_error with SQLSTATE 54000 or 54001, so that the policy's
// default for unparsed statements decides. Thread-safe: any number of threads, no shared state; each keeps a
// small parser context until it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sql/encoding.h"
#include "sql/facts.h"

namespace signalbox::sql {

class Catalog;

/// PostgreSQL's backslash_quote: which \' a string with escapes may hold.
enum class BackslashQuote : std::uint8_t { Off, On, SafeEncoding };

struct AnalyzeOptions {
  std::size_t max_bytes = std::size_t{64} << 20;  ///< longer text: parse_error 54000; about 5 ms a MiB
  std::size_t max_tokens = 2'000'000;             ///< about 150 bytes of memory each while parsing
  std::uint32_t max_statements = 100'000;
  std::uint32_t max_query_depth = 2'000;  ///< sub-selects within sub-selects
  std::uint32_t max_facts = 10'000;       ///< entries in all lists of one statement; more: opaque "bounded"
  int server_version = 0;  ///< major version of the server, chooses the grammar; 0: the newest built in

  // The session's settings that change what the text means (defaults are PostgreSQL's).
  bool standard_conforming_strings = true;
  BackslashQuote backslash_quote = BackslashQuote::SafeEncoding;
  /// Of one byte a character: converted. Any other but UTF8 and SQL_ASCII gives a parse_error 0A000 for a
  /// text beyond ASCII; one whose characters may hold ASCII bytes (SJIS, GBK, ...) for every text.
  std::string_view client_encoding = "UTF8";
  /// Of the database; "" = UTF8. With another, names beyond ASCII that it would fold or cut give 0A000 too.
  std::string_view server_encoding = {};
  /// How a text was read that is kept since: the session's encoding may be another now.
  std::optional<Encoding> encoding = std::nullopt;

  /// Borrowed for the call: resolves names, expands views, knows functions and types (catalog.h).
  const Catalog* catalog = nullptr;
  /// The session's, "$user" put in; nothing when it is not known: a name may then mean any of that name.
  std::optional<std::span<const std::string>> search_path = std::nullopt;
};

/// Never throws; `text` may hold anything (NUL bytes give a parse_error, as PostgreSQL's wire forbids them).
QueryFacts analyze(std::string_view text, const AnalyzeOptions& options = {});

/// A parameter as Bind carries it.
struct BoundParameter {
  std::uint32_t type = 0;  ///< OID that Parse gave, 0 when unspecified
  bool binary = false;
  bool null = false;
  std::string_view bytes;
  std::uint32_t described = 0;  ///< OID of ParameterDescription, 0 when not known: what PostgreSQL made of it
};

/// The parameter's value: integers, numerics, floats, booleans and text-like types in text or binary format;
/// dates, times, uuid and json as PostgreSQL's text form. Unknown when type or bytes are not understood
/// (never a guess).
Literal decode(const BoundParameter& parameter);

/// What bind_parameters() knows afterwards.
enum class Binding : std::uint8_t {
  Told,
  Untold,  ///< a value is Unknown that the type which PostgreSQL gave to its parameter might tell
};

/// Replaces every Parameter in where, tables[].where, limit and sets by its value. A $n that is not bound
/// becomes Unknown.
Binding bind_parameters(QueryFacts& facts, std::span<const BoundParameter> parameters);
/// The same with values that are known already, the arguments of EXECUTE. `facts` are those of `prepare` or
/// of a statement inside it; `described` has the OIDs of its parameters' types, as far as they are known.
Binding bind_parameters(StatementFacts& facts, std::span<const Literal> arguments,
                        const StatementFacts& prepare, std::span<const std::uint32_t> described = {});

/// The facts of a statement that runs others by name (EXECUTE, FETCH) with what those do put in, as EXPLAIN's
/// hold what it explains. It is not opaque on their account any more.
StatementFacts traced(const StatementFacts& statement, std::span<const StatementFacts> run,
                      const AnalyzeOptions& options = {});

}  // namespace signalbox::sql
