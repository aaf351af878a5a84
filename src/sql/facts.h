// QueryFacts: what the text of a query says it will do, as plain values (design section 6, `input.query`).
//
// The facts over-report rather than miss: a column that could belong to two tables is listed for both, and
// what the analysis does not know marks the statement `opaque`. They come from the text alone (and from a
// Catalog when one is given), so what a view, trigger, rule, cast or default hides is not here; what the text
// hides is said in `opaque`.
//
// Names are as PostgreSQL resolves them: folded to lower case unless quoted, cut at 63 bytes, escapes
// decoded. Every list is in the order of the text, without duplicates. Values are immutable after analyze()
// and may be shared between threads. All std::string_view members point to static storage.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/value.h"

namespace signalbox::sql {

/// What a statement, or one mention of a table in it, is for. Ordered: a later one matters more.
enum class Access : std::uint8_t {
  Read,    ///< rows are read: FROM, USING, COPY TO; also the target of a write that reads its columns
  Lock,    ///< LOCK TABLE, SELECT ... FOR UPDATE / SHARE
  Write,   ///< rows change: INSERT, UPDATE, DELETE, MERGE, TRUNCATE, COPY FROM
  Define,  ///< the object itself changes: CREATE, ALTER, DROP, GRANT, COMMENT, REINDEX, VACUUM, ...
};
std::string_view to_string(Access access);  ///< "read", "lock", "write", "define"

/// `column = value` that holds for every row the clause lets through.
struct Equality {
  std::string column;
  Literal value;
  std::uint32_t type = 0;  ///< OID of the column's type, when a catalogue tells
  bool operator==(const Equality&) const = default;
};

/// One table (or view, sequence, index, ...: text cannot tell). Aliases are resolved, CTE names are never
/// here.
struct TableUse {
  /// As written, "" when the name is unqualified and no catalogue resolved it; "pg_temp" of what CREATE TEMP
  /// makes.
  std::string schema;
  std::string name;
  Access access = Access::Read;
  /// "select", "insert", "update", "delete", "merge", "truncate", "copy", "lock", "create", "alter", ...
  std::string_view verb;
  /// Equalities that hold at EVERY place where this table is used with this access and verb.
  std::vector<Equality> where;
};

struct ColumnUse {
  std::string table;  ///< the table's name, alias resolved; "" when the text does not say
  std::string name;   ///< "*" for all columns (SELECT *, t.*, a whole-row value, NATURAL JOIN)
  Access access = Access::Read;
  /// False: unqualified with several tables in sight, listed once for each that could have it.
  bool certain = true;
};

struct Join {
  std::string_view type;       ///< "inner", "left", "right", "full", "cross", "comma"
  bool has_condition = false;  ///< ON, USING or NATURAL
};

struct CommonTable {
  std::string name;
  std::string_view kind;  ///< kind of its query: "select", "insert", ...
  bool recursive = false;
};

/// One setting that the statement changes: SET, SET LOCAL, RESET, set_config(), ALTER SYSTEM / ROLE /
/// DATABASE ... SET, CREATE FUNCTION ... SET, BEGIN / SET TRANSACTION modes. SET ROLE is `role`, SET SESSION
/// AUTHORIZATION is `session_authorization`, SET TIME ZONE is `timezone`, SET NAMES is `client_encoding`,
/// RESET ALL is `all`.
struct Setting {
  std::string name;  ///< lower case; "" when set_config()'s first argument is not a constant
  Literal value;     ///< String (lists joined with ", "), Null for RESET and DEFAULT, Parameter, or Unknown
  std::string_view scope;  ///< "session", "local", "transaction", "system", "role", "database", "function"
  std::int32_t name_parameter = 0;  ///< n when set_config($n, ...) names the setting by a bound parameter
  /// False: set_config() within something else. It may not be called, or more than once.
  bool surely = true;
};

struct LockUse {
  std::string mode;       ///< "for update", "for share", ..., "access exclusive", ...
  std::string_view wait;  ///< "block", "nowait", "skip locked"
};

/// An object other than a table that the statement creates, alters, drops or grants on.
struct ObjectUse {
  std::string_view type;  ///< "function", "schema", "role", "extension", "database", "type", "trigger", ...
  std::string schema;
  std::string name;
};

/// A clause of DDL that is a word and a value: CREATE ROLE ... SUPERUSER, CREATE FUNCTION ... SECURITY
/// DEFINER, CREATE EXTENSION ... CASCADE.
struct ClauseOption {
  std::string name;  ///< in the words of SQL, lower case: "superuser", "security definer", "language", ...
  Literal value;     ///< Boolean, Integer, String; Unknown where it is none of these, or a password
};

std::string_view volatility_word(
    char volatility);  ///< of pg_proc.provolatile: "immutable", "stable", "volatile"

/// A function or procedure of somebody's making that the statement calls, or by its arguments could call.
struct RoutineUse {
  std::string schema;
  std::string name;
  char volatility = 'v';  ///< i, s, v
  bool security_definer = false;
  std::string language;
};

/// ParameterUse::compared_with: the type of no column is told by it.
inline constexpr std::string_view kAnyColumn = "*";

/// A bound parameter's place in the text.
struct ParameterUse {
  std::int32_t number = 0;     ///< n of $n, from 1
  std::uint32_t position = 0;  ///< byte offset in the analysed text
  std::string type;            ///< the cast that stands on it ("int4" for $1::int), or ""
  std::string compared_with;   ///< the column on the other side of an operator, kAnyColumn for IS NULL, or ""
  std::uint32_t compared_type = 0;  ///< OID of that column's type, when a catalogue tells
};

/// Key and value of a comment (traceparent, sqlcommenter), URL-decoded.
struct CommentTag {
  std::string key;
  std::string value;
};

struct ParseError {
  std::string message;         ///< PostgreSQL's own text, or ours when a bound was reached
  std::uint32_t position = 0;  ///< character in the text, from 1 as in ErrorResponse field P; 0 unknown
  std::string sqlstate;        ///< five characters: 42601, 54001 (too complex), 54000 (too long), ...
};

/// The facts of one statement, or (QueryFacts::whole) of all statements of a query together.
struct StatementFacts {
  std::uint32_t offset = 0;  ///< where the statement starts in the analysed text, bytes, after leading blanks
  std::uint32_t length = 0;  ///< without the semicolon

  /// PostgreSQL's command tag in lower case, blanks as underscores: "select", "create_table", "drop_table",
  /// "set", "do", "declare_cursor", "alter_system", ...; "empty"; for several statements of unlike kind
  /// "multi"; "unparsed". kind_names() lists all. SELECT INTO is "select_into", CREATE TABLE AS
  /// "create_table_as".
  std::string_view kind = "empty";
  /// The kind of every statement and of every statement inside one (data-modifying CTE, EXPLAIN, PREPARE,
  /// COPY (...), CREATE RULE, ...).
  std::vector<std::string_view> kinds;
  /// Of a statement inside another: the kinds of those around it, outermost first.
  std::vector<std::string_view> within;
  std::uint32_t index = 0;  ///< which statement of the query it is, or is inside of; from 0
  /// "read", "write", "ddl", "dcl" (roles, rights), "session", "transaction", "cursor", "copy",
  /// "maintenance", "code" (DO, CALL, EXECUTE), "server", "unknown"; one for each kind, without duplicates,
  /// the statement's own first.
  std::vector<std::string_view> categories;
  /// The text shows that nothing changes: no data, catalogue, setting, lock, file or message. False when in
  /// doubt (an unknown function, EXECUTE). Views, operators, casts and functions called by them are taken as
  /// innocent.
  bool read_only = true;
  /// Why the text does not show all that the statement does; empty when it does. "do" (a code block), "body"
  /// (a function or rule body), "execute" (a statement prepared earlier), "function" (calls a function that
  /// is not PostgreSQL's own), "operator" (an operator that is not PostgreSQL's own), "sql" (a function that
  /// runs SQL text, or a DO of which not all could be read), "trigger" (a table whose writes run code, by the
  /// catalogue), "unnamed" (reaches objects that it does not name: CASCADE, all of a schema or an owner),
  /// "unread" (creates a function of whose body not all could be read),
  /// "unknown" (a node of the parse tree that this version does not know), "bounded" (more facts than the
  /// limit), "unparsed" (see QueryFacts::parse_error).
  std::vector<std::string_view> opaque;
  /// What it does beyond tables, from known functions and clauses: "file_read", "file_write", "program",
  /// "sql", "setting", "lock", "notify", "sequence", "large_object", "process" (signals backends), "wait"
  /// (pg_sleep), "server" (control, replication, statistics reset), "network", "volatile" (any other).
  std::vector<std::string_view> effects;

  std::vector<TableUse> tables;
  std::vector<ColumnUse> columns;
  /// Unqualified name of every function and procedure, and schema.name when it was qualified (pg_catalog
  /// apart).
  std::vector<std::string> functions;
  std::vector<RoutineUse> routines;  ///< with a catalogue only
  /// Types that are not PostgreSQL's own: a cast to a domain runs its CHECK.
  std::vector<std::string> types;
  std::vector<ObjectUse> objects;
  std::vector<ClauseOption> options;  ///< of roles, functions, extensions and languages
  /// Name of the prepared statement, cursor, savepoint, channel, setting or file it is about; else "".
  std::string subject;

  /// Equalities at top level AND of the statement's own WHERE (of every branch of a UNION). A column with two
  /// values is left out.
  std::vector<Equality> where;
  /// The statement's own WHERE (of every branch of a UNION); with an UPDATE, DELETE or MERGE anywhere inside:
  /// every one of them has one. A clause that limits nothing is none: true, 1 = 1, id = id, random() < 2.
  bool has_where = false;
  /// The value of an integer constant may have decided a fact other than where, tables[].where, limit and
  /// sets (1 = 1 is no WHERE): another statement of this shape may have others.
  bool constants_decide = false;
  bool has_limit = false;
  Literal limit;  ///< of the top level; Unknown when absent (see has_limit) or not constant
  std::vector<Join> joins;
  std::vector<CommonTable> ctes;
  std::vector<Setting> sets;
  std::vector<LockUse> locks;
  std::vector<ParameterUse> parameters;
  std::vector<std::string> declared;  ///< of PREPARE: the types of $1, $2, ..., "" where it leaves one open
  std::vector<Literal> arguments;     ///< of EXECUTE; Unknown where one is no constant
};

struct QueryFacts {
  StatementFacts whole;  ///< of the only statement, or of all together (kind "multi" unless all agree)
  std::vector<StatementFacts> parts;  ///< one for each statement when there are two or more; otherwise empty
  /// Every statement inside another one, at any depth, in the order of the text. The facts of the one around
  /// it hold them too; here each is by itself. Its text is that of the statement it is inside of.
  std::vector<StatementFacts> inner;
  /// From all comments of the text, in order; a repeated key keeps its first value.
  std::vector<CommentTag> comment;
  /// Set: the text was not analysed, and only `comment` and the flags of kind "unparsed" are there.
  std::optional<ParseError> parse_error;

  /// One entry for each statement, none for an empty query. Borrowed from this object.
  std::span<const StatementFacts> statements() const {
    if (!parts.empty()) return parts;
    return whole.kind == "empty" || parse_error ? std::span<const StatementFacts>{} : std::span(&whole, 1);
  }
};

/// The statement's own text within the text that was analysed.
inline std::string_view text_of(const StatementFacts& statement, std::string_view analysed) {
  return analysed.substr(statement.offset < analysed.size() ? statement.offset : analysed.size(),
                         statement.length);
}

/// Every value that `kind` can have, sorted.
std::span<const std::string_view> kind_names();

}  // namespace signalbox::sql
