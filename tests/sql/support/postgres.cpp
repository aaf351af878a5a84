#include "sql/support/postgres.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace signalbox::sql::test {
namespace {

constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

bool Postgres::is_installed() {
  return std::filesystem::exists(std::string(kPrograms) + "initdb");
}

/// The server refuses to run as root.
int Postgres::as_user(const std::string& command) const {
  const std::string quoted = "'" + command + "'";
  return std::system((geteuid() == 0 ? "runuser -u postgres -- sh -c " + quoted : "sh -c " + quoted).c_str());
}

Postgres::Postgres(const std::vector<std::string>& settings) {
  char pattern[] = "/tmp/signalbox-sql-XXXXXX";
  REQUIRE(mkdtemp(pattern) != nullptr);
  folder_ = pattern;
  std::filesystem::permissions(folder_, std::filesystem::perms::all);
  const std::string data = (folder_ / "data").string();
  REQUIRE(as_user(std::string(kPrograms) + "initdb -D " + data +
                  " -A trust -U postgres -E UTF8 --locale=C.UTF-8 -N >" + folder_.string() +
                  "/initdb.log 2>&1") == 0);
  std::ofstream(folder_ / "settings.conf") << [&] {
    std::string text = "listen_addresses=''\nunix_socket_directories='" + folder_.string() + "'\nfsync=off\n";
    for (const std::string& setting : settings) text += setting + "\n";
    return text;
  }();
  REQUIRE(as_user("cat " + folder_.string() + "/settings.conf >> " + data + "/postgresql.conf") == 0);
  REQUIRE(as_user(std::string(kPrograms) + "pg_ctl -D " + data + " -w -t 120 -l " + folder_.string() +
                  "/server.log start >/dev/null") == 0);
}

Postgres::~Postgres() {
  as_user(std::string(kPrograms) + "pg_ctl -D " + (folder_ / "data").string() +
          " -w -m immediate stop >/dev/null");
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Postgres::run(const std::string& script) {
  std::ofstream(folder_ / "script.sql") << script;
  const std::string command = std::string(kPrograms) + "psql -X -q -A -t -h " + folder_.string() +
                              " -U postgres -d postgres -f " + (folder_ / "script.sql").string() + " >" +
                              (folder_ / "out").string() + " 2>&1";
  static_cast<void>(std::system(command.c_str()));
  return contents(folder_ / "out");
}

std::string Postgres::log() const {
  return contents(folder_ / "server.log");
}

}  // namespace signalbox::sql::test
