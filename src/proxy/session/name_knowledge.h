// NameKnowledge: what the texts and names of a session mean: how strings are read and encoded, and what the
// database's catalogue and the search_path say of a name. Told of parameters and of statements that pass;
// asked when a text is decided.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "proxy/hooks/event.h"
#include "proxy/session/session_path.h"
#include "proxy/targets/catalogs.h"

namespace signalbox::proxy {

struct QueryRuling;
struct Settings;

class NameKnowledge {
 public:
  /// Everything must outlive it. `session`: its generation grows when names mean something else.
  NameKnowledge(const Settings& settings, Catalogs& catalogs, SessionFacts& session,
                const ServerFacts& server);

  /// The startup packet is in the session's facts.
  void begin();
  /// A parameter is another one; it is in the session's facts already.
  void on_parameter(std::string_view name, std::string_view value);
  /// The session has its server: what is known of its database?
  void open();
  /// Takes over what has been read since. What was decided with another catalogue is decided again.
  void renew();
  /// A query with this ruling passes: does what is known of the catalogue still hold?
  void note(const QueryRuling& ruling);

  /// It matters what passes does to the search_path.
  bool follows_path() const { return catalog_ != nullptr; }
  /// A statement that does this to the search_path is on its way to the server.
  void passes(std::span<const PathChange> changes);
  /// The search_path may be another one, and nobody has seen what it is.
  void lose_path();
  /// An ErrorResponse.
  void failed() { path_.failed(); }
  /// Everything has been answered.
  void rested();
  /// What it has defined can be read by others now.
  void transaction_ended() {
    if (defines_) definitions_visible();
  }

  /// Of texts that come now.
  const Reading& reading() const { return reading_; }
  /// Names beyond ASCII are the same bytes in every statement.
  bool are_told() const { return are_told_; }
  /// Null: none is read.
  const CatalogFacts* catalog() const { return catalog_ ? &facts_ : nullptr; }

 private:
  void take_encoding();
  void definitions_visible();
  void take_path();

  const Settings& settings_;
  Catalogs& catalogs_;
  SessionFacts& session_;
  const ServerFacts& server_;

  Reading reading_;
  bool are_told_ = true;
  std::shared_ptr<DatabaseCatalog> catalog_;
  std::shared_ptr<const CatalogReading> catalog_reading_;
  CatalogFacts facts_;         ///< of catalog_reading_
  std::string target_;         ///< whose the catalogue is
  std::uint64_t version_ = 0;  ///< of the facts
  SessionPath path_;
  bool begins_with_known_path_ = false;  ///< or with one that never will be
  bool defines_ = false;                 ///< an open transaction has defined something
};

}  // namespace signalbox::proxy
