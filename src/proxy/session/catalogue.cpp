// What the session's database is known to hold, and how its search_path reads names.
//
// The surprise: only the search_path that a session begins with is known. Whatever may have set another one
// (SET, a function, a log-in option) leaves it unknown for good, and names then mean every table of the name:
// too much is listed rather than the wrong one.
#include <algorithm>
#include <array>

#include "proxy/session/session.h"

namespace signalbox::proxy {
namespace {

/// A client that sends these begins with a search_path of its own.
bool sets_path(const std::pair<std::string, std::string>& parameter) {
  static constexpr auto kNames =
      std::to_array<std::string_view>({"options", "search_path", "role", "session_authorization"});
  return std::ranges::find(kNames, parameter.first) != kNames.end();
}

}  // namespace

/// The parameters that the client has sent; the server's reports come later under the same names.
bool Session::begins_elsewhere() const {
  return std::ranges::any_of(facts_.parameters, sets_path);
}

void Session::open_catalogue() {
  catalogue_target_ = server_facts_.target;
  catalogue_.reset(), catalogue_reading_.reset();
  catalogue_facts_ = {};
  catalogue_version_ = 0;
  const std::vector<std::shared_ptr<const Target>>& targets = settings_->targets;
  const auto target = std::ranges::find(targets, server_facts_.target,
                                        [](const auto& one) { return std::string_view(one->options.name); });
  if (target == targets.end()) return;
  catalogue_ = worker_.shared().catalogs.of((*target)->options, facts_.database);
  renew_catalogue();
}

/// Takes over what has been read since. What was decided with another catalogue is decided again.
void Session::renew_catalogue() {
  if (server_facts_.target != catalogue_target_) {
    open_catalogue();
    ++facts_.generation;
  }
  if (!catalogue_ || catalogue_->version() == catalogue_version_) return;
  catalogue_version_ = catalogue_->version();
  catalogue_reading_ = catalogue_->reading();
  CatalogFacts fresh = {.path = std::move(catalogue_facts_.path)};
  if (catalogue_reading_) {
    fresh.catalog = catalogue_reading_->catalog.get();
    fresh.number = catalogue_reading_->number;
    fresh.stale = defines_ || catalogue_->is_stale(*catalogue_reading_);
    if (!path_settled_) fresh.path = fresh.catalog->path_of(facts_.user);
    path_settled_ = true;
  }
  const bool same = fresh.number == catalogue_facts_.number && fresh.stale == catalogue_facts_.stale;
  catalogue_facts_ = std::move(fresh);
  if (!same) ++facts_.generation;
}

/// A query with this ruling passes: does what is known of names still hold?
void Session::note_catalogue(const QueryRuling& ruling) {
  if (!catalogue_) return;
  if (ruling.moves_path) lose_path();
  if (!ruling.defines) return;
  defines_ = true;
  catalogue_->change();
  worker_.shared().catalogs.wake();
}

void Session::lose_path() {
  path_settled_ = true;
  if (!catalogue_facts_.path) return;
  catalogue_facts_.path.reset();
  ++facts_.generation;
}

/// What a transaction has defined can be read by others when it is over.
void Session::definitions_visible() {
  defines_ = false;
  catalogue_->change();
  worker_.shared().catalogs.wake();
}

}  // namespace signalbox::proxy
