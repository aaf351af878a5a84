// What the session's texts mean, what its database is known to hold, and how its search_path reads names.
//
// The surprise: only the search_path that a session begins with is known. Whatever may have set another one
// (SET, a function, a log-in option) leaves it unknown for good, and names then mean every table of the name:
// too much is listed rather than the wrong one.
#include "proxy/session/name_knowledge.h"

#include <algorithm>
#include <array>

#include "proxy/hooks/decider.h"
#include "proxy/worker.h"

namespace signalbox::proxy {
namespace {

/// A client that sends these begins with a search_path of its own.
bool sets_path(const std::pair<std::string, std::string>& parameter) {
  static constexpr auto kNames =
      std::to_array<std::string_view>({"options", "search_path", "role", "session_authorization"});
  return std::ranges::find(kNames, parameter.first) != kNames.end();
}

}  // namespace

NameKnowledge::NameKnowledge(const Settings& settings, Catalogs& catalogs, SessionFacts& session,
                             const ServerFacts& server)
    : settings_(settings), catalogs_(catalogs), session_(session), server_(server) {}

/// Now, because the server's reports come later under the same names.
void NameKnowledge::begin() {
  path_settled_ = std::ranges::any_of(session_.parameters, sets_path);
}

// ---- texts

void NameKnowledge::on_parameter(std::string_view name, std::string_view value) {
  if (name == "standard_conforming_strings") reading_.standard_strings = value != "off";
  if (name == "client_encoding" || name == "server_encoding") take_encoding();
}

/// What a text's bytes mean depends on both encodings.
void NameKnowledge::take_encoding() {
  std::string_view client = "UTF8", server = "UTF8";
  for (const auto& [name, value] : session_.parameters) {
    if (name == "client_encoding") client = value;
    if (name == "server_encoding") server = value;
  }
  reading_.encoding = sql::encoding_of(client, server);
  are_told_ = sql::is_one_encoding(client, server);
}

// ---- names

void NameKnowledge::open() {
  target_ = server_.target;
  catalog_.reset(), catalog_reading_.reset();
  facts_ = {};
  version_ = 0;
  const std::vector<std::shared_ptr<const Target>>& targets = settings_.targets;
  const auto target = std::ranges::find(targets, server_.target,
                                        [](const auto& one) { return std::string_view(one->options.name); });
  if (target == targets.end()) return;
  catalog_ = catalogs_.of((*target)->options, session_.database);
  renew();
}

void NameKnowledge::renew() {
  if (server_.target != target_) {
    open();
    ++session_.generation;
  }
  if (!catalog_ || catalog_->version() == version_) return;
  version_ = catalog_->version();
  catalog_reading_ = catalog_->reading();
  CatalogFacts fresh = {.path = std::move(facts_.path)};
  if (catalog_reading_) {
    fresh.catalog = catalog_reading_->catalog.get();
    fresh.number = catalog_reading_->number;
    fresh.stale = defines_ || catalog_->is_stale(*catalog_reading_);
    if (!path_settled_) fresh.path = fresh.catalog->path_of(session_.user);
    path_settled_ = true;
  }
  const bool same = fresh.number == facts_.number && fresh.stale == facts_.stale;
  facts_ = std::move(fresh);
  if (!same) ++session_.generation;
}

void NameKnowledge::note(const QueryRuling& ruling) {
  if (!catalog_) return;
  if (ruling.moves_path) lose_path();
  if (!ruling.defines) return;
  defines_ = true;
  catalog_->change();
  catalogs_.wake();
}

void NameKnowledge::lose_path() {
  path_settled_ = true;
  if (!facts_.path) return;
  facts_.path.reset();
  ++session_.generation;
}

void NameKnowledge::definitions_visible() {
  defines_ = false;
  catalog_->change();
  catalogs_.wake();
}

}  // namespace signalbox::proxy
