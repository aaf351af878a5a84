// A PostgreSQL server of one's own, for the time of a test: a fresh cluster in a temporary folder, on a UNIX
// socket only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace signalbox::sql::test {

class Postgres {
 public:
  /// PostgreSQL 15's programs are installed.
  static bool is_installed();

  /// `settings` are "name=value". Requires that the server starts.
  explicit Postgres(const std::vector<std::string>& settings = {});
  ~Postgres();
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  /// What psql prints (unaligned, tuples only, errors too) for a script; goes on after an error.
  std::string run(const std::string& script);
  /// The server's log so far.
  std::string log() const;

 private:
  int as_user(const std::string& command) const;

  std::filesystem::path folder_;
};

}  // namespace signalbox::sql::test
