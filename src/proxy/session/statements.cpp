// Names to texts. The unnamed statement is the common one: its memory is reused from Parse to Parse.
#include "proxy/session/statements.h"

#include <utility>

namespace signalbox::proxy {
namespace {

/// What an entry costs beside its text.
constexpr std::size_t kEntryBytes = 160;

std::ptrdiff_t cost(std::string_view name, const PreparedText& text) {
  return kEntryBytes + name.size() + text.text.size();
}

}  // namespace

void Statements::confirm(Request request, Companion& companion) {
  switch (request) {
    case Request::Parse: parsed(companion); break;
    case Request::Execute: executed(companion.portal); break;
    case Request::Bind: {
      Text text = of_statement(companion.statement);
      if (text && companion.changes) text->changes = companion.changes;
      if (companion.portal.empty()) {
        unnamed_portal_ = std::move(text);
      } else if (portals_.size() * kEntryBytes < limit_) {
        portals_.insert_or_assign(companion.portal, std::move(text));
      }
      break;
    }
    case Request::Close:
      if (companion.what == 'S') {
        erase_statement(companion.statement);
      } else if (companion.portal.empty()) {
        unnamed_portal_.reset();
      } else {
        portals_.erase(companion.portal);
      }
      break;
    default: break;
  }
}

void Statements::parsed(Companion& companion) {
  if (companion.statement.empty()) {
    if (!unnamed_ || unnamed_.use_count() > 1) unnamed_ = std::make_shared<PreparedText>();
    unnamed_->text.swap(companion.text);
    unnamed_->known = companion.text_known;
    unnamed_->reading = companion.reading;
    unnamed_->revision = companion.revision;
    unnamed_->undecided = companion.undecided;
    unnamed_->edits.swap(companion.edits);
    unnamed_->tag.swap(companion.tag);
    unnamed_->types.swap(companion.types);
    unnamed_->described.clear();
    unnamed_->refused.reset();
    unnamed_->changes = std::move(companion.changes);
    unnamed_->acts = std::move(companion.acts);
    unnamed_->path = std::move(companion.path);
    return;
  }
  erase_statement(companion.statement);
  auto text = std::make_shared<PreparedText>();
  text->reading = companion.reading;
  text->revision = companion.revision;
  text->undecided = companion.undecided;
  text->edits = companion.edits;
  text->tag = companion.tag;
  text->types = companion.types;
  text->changes = std::move(companion.changes);
  text->acts = std::move(companion.acts);
  text->path = std::move(companion.path);
  text->known = companion.text_known && bytes_ + companion.text.size() < limit_;
  if (text->known) text->text = companion.text;
  if (bytes_ + kEntryBytes > limit_) {
    overflowed_ = true;
    return;
  }
  charge(cost(companion.statement, *text));
  statements_.emplace(companion.statement, std::move(text));
}

/// Every $n stands in the text, so they take no more than that.
void Statements::described(std::string_view statement, std::vector<std::uint32_t> types) {
  const Text text = of_statement(statement);
  if (text && types.size() <= text->text.size()) text->described = std::move(types);
}

void Statements::erase_statement(std::string_view name) {
  if (name.empty()) {
    unnamed_.reset();
  } else {
    erase(statements_, name);
  }
}

void Statements::erase(ByName& names, std::string_view name) {
  const auto at = names.find(name);
  if (at == names.end()) return;
  charge(-cost(name, *at->second));
  names.erase(at);
}

// ---- PREPARE, DECLARE and their opposites

void Statements::completed(Companion& query) {
  PreparedText like;
  like.reading = query.reading;
  like.undecided = query.undecided;
  like.edits = query.edits;
  like.revision = query.revision;
  like.acts = query.acts;
  const std::uint32_t done = query.completed++;
  if (!query.changes) return;
  for (const NameChange& change : *query.changes) {
    if (change.statement == done) apply(change, query.text, like);
  }
}

void Statements::executed(std::string_view portal) {
  const Text text = of_portal(portal);
  if (!text || !text->changes) return;
  for (const NameChange& change : *text->changes) apply(change, text->text, *text);
}

void Statements::apply(const NameChange& change, std::string_view query, const PreparedText& like) {
  switch (change.what) {
    case NameChange::What::Prepare: return define(statements_, change, query, like);
    case NameChange::What::Declare: return define(cursors_, change, query, like);
    case NameChange::What::Deallocate: return erase(statements_, change.name);
    case NameChange::What::Close: return erase(cursors_, change.name);
    case NameChange::What::CloseAll: return forget(cursors_);
    case NameChange::What::DeallocateAll:
    case NameChange::What::DiscardAll: return;  // by their command tags, which need no look at the text
  }
}

void Statements::define(ByName& names, const NameChange& change, std::string_view query,
                        const PreparedText& like) {
  erase(names, change.name);
  auto text = std::make_shared<PreparedText>();
  text->carried = true;
  text->reading = like.reading;
  text->undecided = like.undecided;
  text->edits = like.edits;
  text->revision = like.revision;
  text->acts = like.acts;
  text->known =
      change.length <= kLongestKeptText && bytes_ + change.length < limit_ && change.offset < query.size();
  if (text->known) text->text = query.substr(change.offset, change.length);
  if (bytes_ + kEntryBytes > limit_) {
    (&names == &cursors_ ? unread_ : overflowed_) = true;
    return;
  }
  charge(cost(change.name, *text));
  names.emplace(change.name, std::move(text));
}

Names::Found Statements::prepared(std::string_view name) const {
  const Text text = name.empty() ? nullptr : of_statement(name);
  if (!text && overflowed_) return {.knowledge = Knowledge::TooLong, .named = {}};
  if (!text) return {.knowledge = unread_ ? Knowledge::Earlier : Knowledge::Never, .named = {}};
  return {.knowledge = text->known ? Knowledge::Known : Knowledge::TooLong,
          .named = text->named(),
          .described = text->described,
          .at_server = true};
}

/// A portal can be fetched from as well as a cursor.
Names::Found Statements::cursor(std::string_view name) const {
  const auto declared = cursors_.find(name);
  const Text text = declared != cursors_.end() ? declared->second : of_portal(name);
  if (!text) return {.knowledge = unread_ ? Knowledge::Earlier : Knowledge::Never, .named = {}};
  if (!text->known) return {.knowledge = Knowledge::TooLong, .named = {}};
  if (text->undecided && text->revision != revision_) return {.knowledge = Knowledge::Earlier, .named = {}};
  return {.knowledge = Knowledge::Known, .named = text->named(), .decided_when_opened = text->undecided};
}

std::vector<std::shared_ptr<PreparedText>> Statements::all() const {
  std::vector<Text> texts = {unnamed_, unnamed_portal_};
  for (const auto& [name, text] : statements_) texts.push_back(text);
  for (const auto& [name, text] : portals_) texts.push_back(text);
  std::erase(texts, nullptr);
  return texts;
}

void Statements::forget(ByName& names) {
  for (const auto& [name, text] : names) charge(-cost(name, *text));
  names.clear();
}

void Statements::charge(std::ptrdiff_t bytes) {
  bytes_ += static_cast<std::size_t>(bytes);
  if (metrics_) metrics_->move(Gauge::StatementMemoryBytes, bytes);
}

void Statements::deallocated_all() {
  forget(statements_);
  unnamed_.reset();
  overflowed_ = false;
}

void Statements::discarded_all() {
  deallocated_all();
  forget(cursors_);
  portals_.clear();
  unnamed_portal_.reset();
  unread_ = made_by_code_ = false;
}

std::shared_ptr<PreparedText> Statements::of_statement(std::string_view statement) const {
  if (statement.empty()) return unnamed_;
  const auto at = statements_.find(statement);
  return at == statements_.end() ? nullptr : at->second;
}

std::shared_ptr<PreparedText> Statements::of_cursor(std::string_view cursor) const {
  const auto at = cursors_.find(cursor);
  return at == cursors_.end() ? nullptr : at->second;
}

std::shared_ptr<PreparedText> Statements::of_portal(std::string_view portal) const {
  if (portal.empty()) return unnamed_portal_;
  const auto at = portals_.find(portal);
  return at == portals_.end() ? nullptr : at->second;
}

}  // namespace signalbox::proxy
