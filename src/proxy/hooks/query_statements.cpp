// Taking a query apart. What a name stands for is looked up first among the statements before it in the same
// query, then in the session.
//
// The surprise: a name is followed even when its text has been decided before, because policies, the session
// and the arguments may be others now; and a name that ought to be known and is not refuses the query.
#include "proxy/hooks/query_statements.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace signalbox::proxy {
namespace {

/// EXECUTE of a statement that is itself an EXECUTE, and so on: PostgreSQL allows it, nobody needs it.
constexpr int kMaxDepth = 4;

Reading reading_of(const sql::AnalyzeOptions& options) {
  return {.standard_strings = options.standard_conforming_strings,
          .encoding = sql::encoding_of(options.client_encoding, options.server_encoding)};
}

bool is_reference(std::string_view kind) {
  return kind == "execute" || kind == "fetch" || kind == "move";
}

std::optional<NameChange::What> change_of(std::string_view kind) {
  using enum NameChange::What;
  static constexpr auto kChanges = std::to_array<std::pair<std::string_view, NameChange::What>>({
      {"prepare", Prepare},
      {"deallocate", Deallocate},
      {"deallocate_all", DeallocateAll},
      {"declare_cursor", Declare},
      {"close_cursor", Close},
      {"close_cursor_all", CloseAll},
      {"discard_all", DiscardAll},
  });
  const auto at = std::ranges::find(kChanges, kind, &std::pair<std::string_view, NameChange::What>::first);
  return at == kChanges.end() ? std::nullopt : std::optional(at->second);
}

/// An entry of a list, with its names.
constexpr std::size_t kFactBytes = 128;

std::size_t bytes_of(const sql::StatementFacts& facts) {
  std::size_t entries = facts.tables.size() + facts.columns.size() + facts.functions.size() +
                        facts.routines.size() + facts.types.size() + facts.objects.size() +
                        facts.options.size() + facts.joins.size() + facts.ctes.size() + facts.sets.size() +
                        facts.parameters.size() + facts.arguments.size() + facts.where.size();
  for (const sql::TableUse& table : facts.tables) entries += table.where.size();
  return sizeof(facts) + entries * kFactBytes;
}

bool concerns(const NameChange& change, bool cursor, std::string_view name) {
  switch (change.what) {
    case NameChange::What::Prepare:
    case NameChange::What::Deallocate: return !cursor && change.name == name;
    case NameChange::What::DeallocateAll: return !cursor;
    case NameChange::What::Declare:
    case NameChange::What::Close: return cursor && change.name == name;
    case NameChange::What::CloseAll: return cursor;
    case NameChange::What::DiscardAll: return true;
  }
  return true;
}

}  // namespace

void read_as(sql::AnalyzeOptions& options, const Reading& reading) {
  options.standard_conforming_strings = reading.standard_strings;
  options.encoding = reading.encoding;
}

sql::AnalyzeOptions analyze_options(const Event& event) {
  sql::AnalyzeOptions options;
  if (event.session != nullptr) {
    for (const auto& [name, value] : event.session->parameters) {
      if (name == "standard_conforming_strings") options.standard_conforming_strings = value != "off";
      if (name == "client_encoding") options.client_encoding = value;
      if (name == "server_encoding") options.server_encoding = value;
    }
  }
  if (event.catalog != nullptr) {
    options.catalog = event.catalog->catalog;
    if (event.catalog->path) options.search_path = *event.catalog->path;
  }
  if (event.server != nullptr) {
    const std::string& version = event.server->version;
    std::from_chars(version.data(), version.data() + version.size(), options.server_version);
  }
  return options;
}

QueryStatements::QueryStatements(const Event& event) : text_(event.query->text) {
  if (event.query->protocol == QueryProtocol::FunctionCall) {
    all_.emplace_back();
  } else {
    take_apart(event);
  }
}

const sql::QueryFacts& QueryStatements::analyse(std::string_view text, const sql::AnalyzeOptions& options) {
  return analysed_.emplace_back(sql::analyze(text, options));
}

void QueryStatements::take_apart(const Event& event) {
  const Query& asked = *event.query;
  sql::AnalyzeOptions options = analyze_options(event);
  if (asked.prepared) read_as(options, asked.prepared->reading);
  analyse(text_, options);
  if (options.search_path && analysed_.front().parts.size() > 1 &&
      std::ranges::any_of(path_changes(), moves)) {
    options.search_path.reset();  // one of its statements may change what the next one's names mean
    analysed_.clear();
    analyse(text_, options);
  }
  sql::QueryFacts& query = analysed_.front();
  if (asked.parameters != nullptr) {
    std::vector<sql::BoundParameter> bound;
    for (const ParameterFact& one : *asked.parameters) {
      bound.push_back({.type = one.type,
                       .binary = one.binary,
                       .null = one.null,
                       .bytes = one.value,
                       .described = one.described});
    }
    if (sql::bind_parameters(query, bound) == sql::Binding::Untold) untold_ = asked.statement;
  }
  const bool carried = asked.prepared && asked.prepared->carried;
  const std::span<const sql::StatementFacts> parts =
      query.parts.empty() ? std::span(&query.whole, 1) : std::span<const sql::StatementFacts>(query.parts);
  auto inner = query.inner.begin();
  for (const sql::StatementFacts& part : parts) {
    QueryStatement one{.text = parts.size() == 1 ? text_ : sql::text_of(part, text_),
                       .facts = &part,
                       .query = &query,
                       .count = static_cast<std::uint32_t>(parts.size())};
    const bool deferred = asked.values_follow && part.kind == "prepare" && !part.parameters.empty();
    if (deferred) one.facts = &bare(part);
    if (!carried) add(one, event, 0);
    for (; inner != query.inner.end() && inner->index == part.index; ++inner) {
      if (deferred && !carried) continue;
      if (carried) inner->within.erase(inner->within.begin());
      one.facts = &*inner;
      add(one, event, 0);
    }
  }
  tell_carriers();
  if (all_.empty()) {  // a PREPARE that holds nothing: never seen, and not to be permitted unseen
    missing_ = Names::Knowledge::Earlier;
    all_.push_back({.text = text_, .facts = &query.whole, .query = &query});
  }
}

/// EXPLAIN and CREATE TABLE AS of an EXECUTE hold what that runs.
void QueryStatements::tell_carriers() {
  for (QueryStatement& carrier : all_) {
    if (carrier.facts == nullptr || !carrier.facts->within.empty() || is_reference(carrier.facts->kind))
      continue;
    const auto is_run = [&](const QueryStatement& one) {
      return one.facts->index == carrier.facts->index && is_reference(one.facts->kind) &&
             std::ranges::find(one.facts->opaque, "execute") == one.facts->opaque.end();
    };
    const auto run = std::ranges::find_if(all_, is_run);
    if (run == all_.end()) continue;
    sql::StatementFacts& whole = made_.emplace_back(sql::traced(*carrier.facts, {run->facts, 1}));
    const bool harmless = carrier.facts->kind == "explain" && run->facts->read_only;
    whole.read_only = carrier.facts->read_only || harmless;
    carrier.facts = &whole;
  }
}

/// A PREPARE alone, without what it holds.
const sql::StatementFacts& QueryStatements::bare(const sql::StatementFacts& prepare) {
  sql::StatementFacts& own = made_.emplace_back();
  own.offset = prepare.offset;
  own.length = prepare.length;
  own.kind = prepare.kind;
  own.kinds = {prepare.kind};
  own.index = prepare.index;
  own.categories = {prepare.categories.front()};
  own.subject = prepare.subject;
  return own;
}

void QueryStatements::add(QueryStatement statement, const Event& event, int depth) {
  if (is_reference(statement.facts->kind)) return follow(statement, event, depth);
  if (depth == 0 && statement.facts->within.empty()) note_change(*statement.facts);
  all_.push_back(statement);
}

/// Puts what the name stands for into the facts of the statement that refers to it, and behind it.
void QueryStatements::follow(const QueryStatement& reference, const Event& event, int depth) {
  refers_ = true;
  const Names::Found found = look_up(*reference.facts, event);
  if (depth >= kMaxDepth || found.knowledge == Names::Knowledge::TooLong) {
    missing_ = Names::Knowledge::TooLong;
  } else if (found.knowledge == Names::Knowledge::Earlier) {
    missing_ = Names::Knowledge::Earlier;
  }
  if (found.decided_when_opened && !missing_) {
    QueryStatement seen = reference;
    sql::StatementFacts& facts = made_.emplace_back(*reference.facts);
    std::erase(facts.opaque, "execute");
    seen.facts = &facts;
    return all_.push_back(seen);
  }
  if (missing_ || found.knowledge != Names::Knowledge::Known) return all_.push_back(reference);
  const std::vector<QueryStatement> run = named(found, reference, event);
  QueryStatement whole = reference;
  if (!run.empty()) whole.facts = &made_.emplace_back(sql::traced(*reference.facts, {run.front().facts, 1}));
  all_.push_back(whole);
  for (const QueryStatement& one : run) add(one, event, depth + 1);
}

Names::Found QueryStatements::look_up(const sql::StatementFacts& reference, const Event& event) const {
  const bool cursor = reference.kind != "execute";
  if (const NameChange* change = changed_before(reference)) {
    const bool defines =
        change->what == NameChange::What::Prepare || change->what == NameChange::What::Declare;
    if (!defines) return {};
    const std::string_view text = std::string_view(text_).substr(change->offset, change->length);
    return {.knowledge = Names::Knowledge::Known,
            .named = {.text = text, .carried = true, .reading = reading_of(analyze_options(event))}};
  }
  if (event.names == nullptr) return {};
  return cursor ? event.names->cursor(reference.subject) : event.names->prepared(reference.subject);
}

const NameChange* QueryStatements::changed_before(const sql::StatementFacts& reference) const {
  const bool cursor = reference.kind != "execute";
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (concerns(*change, cursor, reference.subject)) return &*change;
  }
  return nullptr;
}

/// The statement that a name stands for, and those inside it; the values of EXECUTE stand in for $n.
std::vector<QueryStatement> QueryStatements::named(const Names::Found& found, const QueryStatement& reference,
                                                   const Event& event) {
  const NamedText& text = found.named;
  sql::AnalyzeOptions options = analyze_options(event);
  read_as(options, text.reading);
  const std::string& kept = texts_.emplace_back(text.text);
  followed_.emplace_back(reference.facts->index, text);
  followed_.back().second.text = kept;
  followed_.back().second.edits = texts_.emplace_back(text.edits);
  const sql::QueryFacts& query = analyse(kept, options);
  std::vector<QueryStatement> run;
  const auto take = [&](const sql::StatementFacts& facts, std::size_t carriers) {
    sql::StatementFacts& own = made_.emplace_back(facts);
    own.index = reference.facts->index;
    std::vector<std::string_view> within = reference.facts->within;
    within.push_back(reference.facts->kind);
    within.insert(within.end(), facts.within.begin() + static_cast<std::ptrdiff_t>(carriers),
                  facts.within.end());
    own.within = std::move(within);
    const auto bound = sql::bind_parameters(own, reference.facts->arguments, query.whole, found.described);
    if (bound == sql::Binding::Untold && found.at_server && !untold_) untold_ = reference.facts->subject;
    run.push_back({.text = kept,
                   .facts = &own,
                   .query = &query,
                   .count = reference.count,
                   .arguments = &reference.facts->arguments});
  };
  if (!text.carried) take(query.whole, 0);
  for (const sql::StatementFacts& facts : query.inner) take(facts, text.carried ? 1 : 0);
  return run;
}

void QueryStatements::note_change(const sql::StatementFacts& facts) {
  const auto what = change_of(facts.kind);
  if (!what) return;
  changes_.push_back({.what = *what,
                      .statement = facts.index,
                      .name = facts.subject,
                      .offset = facts.offset,
                      .length = facts.length});
}

/// What is prepared or declared is kept by its place in the text, which constants move.
bool QueryStatements::depends_on_constants() const {
  return refers_ || !changes_.empty() || std::ranges::any_of(all_, [](const QueryStatement& one) {
           return one.facts == nullptr || one.facts->constants_decide || one.query->parse_error;
         });
}

/// What names stand for may set the path or not: it is not traced whether it is run to its end.
std::vector<PathChange> QueryStatements::path_changes() const {
  std::vector<PathChange> changes;
  if (analysed_.empty()) return {{.what = PathChange::What::Hidden}};  // a FunctionCall
  const sql::QueryFacts& query = analysed_.front();
  if (query.parse_error) return {{.what = PathChange::What::Hidden}};
  for (const sql::StatementFacts& one : query.statements())
    append_path_changes(changes, one, stands_for(one.index) != nullptr);
  for (auto named = analysed_.begin() + 1; named != analysed_.end(); ++named) {
    std::vector<PathChange> moved;
    append_path_changes(moved, named->whole, true);
    for (PathChange& change : moved) {
      if (!moves(change)) continue;
      change.value.reset(), change.reset = change.local = false;
      changes.push_back(std::move(change));
    }
  }
  return changes;
}

/// Definitions, and rights: names are looked up in schemas that the role may use.
bool QueryStatements::defines() const {
  return std::ranges::any_of(analysed_, [](const sql::QueryFacts& query) {
    const auto& categories = query.whole.categories;
    return std::ranges::find(categories, "ddl") != categories.end() ||
           std::ranges::find(categories, "dcl") != categories.end() ||
           std::ranges::find(query.whole.opaque, "do") != query.whole.opaque.end();
  });
}

const QueryStatement* QueryStatements::top_level(std::uint32_t index) const {
  const auto at = std::ranges::find_if(all_, [&](const QueryStatement& one) {
    return one.facts != nullptr && one.facts->within.empty() && one.facts->index == index;
  });
  return at == all_.end() ? nullptr : &*at;
}

const NamedText* QueryStatements::stands_for(std::uint32_t index) const {
  for (auto one = followed_.rbegin(); one != followed_.rend(); ++one) {
    if (one->first == index) return &one->second;
  }
  return nullptr;
}

std::size_t QueryStatements::bytes() const {
  std::size_t bytes = sizeof(*this) + text_.size() + all_.size() * sizeof(QueryStatement);
  for (const sql::QueryFacts& query : analysed_) {
    bytes += sizeof(query) + text_.size() + bytes_of(query.whole);
    for (const sql::StatementFacts& one : query.parts) bytes += bytes_of(one);
    for (const sql::StatementFacts& one : query.inner) bytes += bytes_of(one);
  }
  for (const sql::StatementFacts& one : made_) bytes += bytes_of(one);
  for (const std::string& text : texts_) bytes += text.size();
  return bytes;
}

bool QueryStatements::ends_transaction() const {
  const sql::StatementFacts* first = all_.front().facts;
  return first != nullptr &&
         (first->kind == "commit" || first->kind == "rollback" || first->kind == "prepare_transaction");
}

}  // namespace signalbox::proxy
