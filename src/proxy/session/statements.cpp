// Names to texts. The unnamed statement is the common one: its memory is reused from Parse to Parse.
#include "proxy/session/statements.h"

#include <utility>

namespace signalbox::proxy {
namespace {

/// What an entry costs beside its text.
constexpr std::size_t kEntryBytes = 160;

std::size_t cost(std::string_view name, const PreparedText& text) {
  return kEntryBytes + name.size() + text.text.size();
}

}  // namespace

void Statements::confirm(Request request, Companion& companion) {
  switch (request) {
    case Request::Parse: parsed(companion); break;
    case Request::Bind: {
      Text text = of_statement(companion.statement);
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
    unnamed_->revision = companion.revision;
    unnamed_->undecided = companion.undecided;
    unnamed_->types.swap(companion.types);
    unnamed_->refused.reset();
    return;
  }
  erase_statement(companion.statement);
  auto text = std::make_shared<PreparedText>();
  text->revision = companion.revision;
  text->undecided = companion.undecided;
  text->types = companion.types;
  text->known = companion.text_known && bytes_ + companion.text.size() < limit_;
  if (text->known) text->text = companion.text;
  if (bytes_ + kEntryBytes > limit_) {
    overflowed_ = true;
    return;
  }
  bytes_ += cost(companion.statement, *text);
  statements_.emplace(companion.statement, std::move(text));
}

void Statements::erase_statement(std::string_view name) {
  if (name.empty()) {
    unnamed_.reset();
    return;
  }
  const auto at = statements_.find(name);
  if (at == statements_.end()) return;
  bytes_ -= cost(name, *at->second);
  statements_.erase(at);
}

std::vector<std::shared_ptr<PreparedText>> Statements::all() const {
  std::vector<Text> texts = {unnamed_, unnamed_portal_};
  for (const auto& [name, text] : statements_) texts.push_back(text);
  for (const auto& [name, text] : portals_) texts.push_back(text);
  std::erase(texts, nullptr);
  return texts;
}

void Statements::forget_all() {
  statements_.clear();
  unnamed_.reset();
  bytes_ = 0;
  overflowed_ = false;
}

std::shared_ptr<PreparedText> Statements::of_statement(std::string_view statement) const {
  if (statement.empty()) return unnamed_;
  const auto at = statements_.find(statement);
  return at == statements_.end() ? nullptr : at->second;
}

std::shared_ptr<PreparedText> Statements::of_portal(std::string_view portal) const {
  if (portal.empty()) return unnamed_portal_;
  const auto at = portals_.find(portal);
  return at == portals_.end() ? nullptr : at->second;
}

}  // namespace signalbox::proxy
