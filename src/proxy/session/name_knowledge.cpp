// What the session's texts mean, what its database is known to hold, and how its search_path reads names.
//
// The surprise: what is not known makes facts larger, never smaller. Where the search_path is not known a
// name means every table of the name: too much is listed rather than the wrong one.
#include "proxy/session/name_knowledge.h"

#include <algorithm>

#include "proxy/hooks/decider.h"
#include "proxy/wire/options.h"
#include "proxy/worker.h"
#include "sql/settings_text.h"

namespace signalbox::proxy {
namespace {

/// What a client's log-in says of its search_path. Parameters count more than options.
struct LoginPath {
  std::optional<std::string> path;
  bool known = true;  ///< false: it sets what cannot be read
  bool told_role = true;

  void take(std::string_view name, const std::string& value) {
    if (name == "search_path") path = value;
    if (name == "role" || name == "session_authorization") told_role = false;
  }
};

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

LoginPath login_path(const std::vector<std::pair<std::string, std::string>>& parameters) {
  LoginPath login;
  for (const auto& [name, value] : parameters) {
    if (name != "options") continue;
    const auto options = wire::parse_options(value);
    login.known = login.told_role = options.has_value();
    if (!options) continue;
    for (const auto& [option, given] : *options) login.take(option, given);
  }
  for (const auto& [name, value] : parameters) login.take(lower(name), value);
  return login;
}

/// As SHOW prints it.
std::optional<std::string> joined(const std::optional<std::vector<std::string>>& path) {
  if (!path) return std::nullopt;
  std::string text;
  for (const std::string& schema : *path) text += (text.empty() ? "" : ", ") + sql::list_element(schema);
  return text;
}

}  // namespace

NameKnowledge::NameKnowledge(const Settings& settings, Catalogs& catalogs, SessionFacts& session,
                             const ServerFacts& server)
    : settings_(settings), catalogs_(catalogs), session_(session), server_(server) {}

/// Now, because the server's reports come later under the same names.
void NameKnowledge::begin() {
  path_ = SessionPath();
  LoginPath login = login_path(session_.parameters);
  begins_with_known_path_ = login.path.has_value() || !login.known || !login.told_role;
  if (begins_with_known_path_) path_.begin(std::move(login.path), session_.user, login.told_role);
}

// ---- texts

void NameKnowledge::on_parameter(std::string_view name, std::string_view value) {
  if (name == "standard_conforming_strings") reading_.standard_strings = value != "off";
  if (name == "client_encoding" || name == "server_encoding") take_encoding();
  if (name == "search_path") path_.report(value);
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
    path_ = SessionPath();  // the other server's is another matter
    ++session_.generation;
  }
  if (!catalog_ || catalog_->version() == version_) return;
  version_ = catalog_->version();
  catalog_reading_ = catalog_->reading();
  CatalogFacts fresh = {.path = facts_.path};
  if (catalog_reading_) {
    fresh.catalog = catalog_reading_->catalog.get();
    fresh.number = catalog_reading_->number;
    fresh.stale = defines_ || catalog_->is_stale(*catalog_reading_);
    if (!begins_with_known_path_ && !fresh.stale) {
      path_.begin(joined(fresh.catalog->path_of(session_.user)), session_.user);
      begins_with_known_path_ = true;
    }
  }
  const bool same = fresh.number == facts_.number && fresh.stale == facts_.stale;
  facts_ = std::move(fresh);
  if (!same) ++session_.generation;
  take_path();
}

void NameKnowledge::note(const QueryRuling& ruling) {
  if (!catalog_) return;
  if (!ruling.defines) return;
  defines_ = true;
  catalog_->change();
  catalogs_.wake();
}

void NameKnowledge::passes(std::span<const PathChange> changes) {
  if (changes.empty()) return;
  path_.passes(changes);
  take_path();
}

void NameKnowledge::lose_path() {
  path_.lose();
  take_path();
}

void NameKnowledge::rested() {
  path_.rested(session_.transaction);
  take_path();
}

/// What is prepared is judged again when names mean something else.
void NameKnowledge::take_path() {
  if (!catalog_) return;
  std::optional<std::vector<std::string>> path = path_.path();
  if (path == facts_.path) return;
  facts_.path = std::move(path);
  ++session_.generation;
}

void NameKnowledge::definitions_visible() {
  defines_ = false;
  catalog_->change();
  catalogs_.wake();
}

}  // namespace signalbox::proxy
