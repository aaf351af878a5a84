// SessionPath: the search_path of a session, as far as it can be known from what has passed and been
// answered. It follows SET, SET LOCAL, RESET, set_config(), transactions and savepoints as PostgreSQL's GUC
// stack does (src/backend/utils/misc/guc.c), and the role that "$user" stands for likewise. Pure: it sees no
// message.
//
// What has passed counts when everything has been answered and nothing has failed; until then the path is not
// known, and neither is it after a failure that leaves open what has run.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/hooks/event.h"
#include "proxy/hooks/path_change.h"

namespace signalbox::proxy {

class SessionPath {
 public:
  /// What the session begins with, and what RESET goes back to; nothing when it is not known. `path` as SHOW
  /// prints it. `told_role`: no option of the log-in has set another role.
  void begin(std::optional<std::string> path, std::string_view user, bool told_role = true);
  /// ParameterStatus: from PostgreSQL 18 on the server says what the path is.
  void report(std::string_view path) { reported_ = path; }
  /// Code that nobody has read may have run. Until DISCARD ALL.
  void lose();

  /// A statement with these changes is on its way to the server.
  void passes(std::span<const PathChange> changes);
  /// An ErrorResponse: something of what is under way has not run.
  void failed() { failed_ = true; }
  /// Everything has been answered.
  void rested(Transaction now);

  /// Of statements that come now, "$user" put in.
  std::optional<std::vector<std::string>> path() const;

 private:
  /// One parameter: its value for the session, and for the transaction when that has one of its own.
  struct Followed {
    std::optional<std::string> session;
    std::optional<std::string> local;
    bool is_local = false;

    const std::optional<std::string>& value() const { return is_local ? local : session; }
    void set(const PathChange& change, const std::optional<std::string>& start);
    void end_local() { is_local = false, local.reset(); }
    bool operator==(const Followed&) const = default;
  };
  struct Values {
    Followed path, role;  ///< role: "" = the user who has logged in
    bool operator==(const Values&) const = default;
  };
  struct Savepoint {
    std::string name;
    Values values;
  };

  void apply(const PathChange& change);
  void untold(std::span<const PathChange> passed);
  void begin_transaction();
  void roll_back();
  void roll_back_to(std::string_view savepoint);
  void release(std::string_view savepoint);
  void discard_all();
  void give_up();
  std::vector<Savepoint>::iterator find(std::string_view savepoint);

  std::string user_;
  std::optional<std::string> start_path_, start_role_;
  std::optional<std::string> reported_;
  Values now_;
  Values before_;  ///< the transaction; what a rollback brings back
  std::vector<Savepoint> savepoints_;
  std::vector<PathChange> pending_;
  bool followed_ = false;        ///< something has moved it: transactions matter
  bool unsettled_ = false;       ///< what is under way may move it
  bool failed_ = false;          ///< of what is under way
  bool moved_ = false;           ///< by what is under way and has been applied, outside a known transaction
  bool in_transaction_ = false;  ///< at the last rest, or begun since
  bool transaction_failed_ = false;
  bool lost_ = false;
};

}  // namespace signalbox::proxy
