// signalbox version: what this build is and which libraries are in it.
#include "app/version.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <httplib.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "sql/grammar.h"

namespace signalbox::app::cli {
namespace {

/// Major versions of PostgreSQL, the oldest first.
std::vector<int> grammars() {
  std::vector<int> majors;
  for (const sql::Grammar* grammar : sql::grammars()) majors.push_back(grammar->major);
  return majors;
}

nlohmann::ordered_json facts() {
  return {
      {"version", kVersion},
      {"compiler", fmt::format("clang {}", __clang_version__)},
      {"postgresql_grammars", grammars()},
      {"libraries",
       {{"boost",
         fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
        {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"sqlite", sqlite3_libversion()},
        {"cpp-httplib", CPPHTTPLIB_VERSION},
        {"spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
        {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)}}}};
}

Exit version(const std::string& output) {
  const auto all = facts();
  if (output == "json") {
    print(all.dump(2) + "\n");
    return Exit::Ok;
  }
  std::string text = fmt::format("signalbox {}\n", kVersion);
  text += fmt::format("reads the SQL of PostgreSQL {}\n", fmt::join(grammars(), " and "));
  text += fmt::format("built with {}\n", all["compiler"].get<std::string>());
  for (const auto& [name, value] : all["libraries"].items())
    text += fmt::format("  {} {}\n", name, value.get<std::string>());
  print(text);
  return Exit::Ok;
}

}  // namespace

void add_version(CLI::App& root, Action& chosen) {
  auto output = std::make_shared<std::string>("text");
  CLI::App* verb = root.add_subcommand("version", "Print the version and what is in this build");
  verb->add_option("-o,--output", *output, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->callback([=, &chosen] { chosen = [=] { return version(*output); }; });
}

}  // namespace signalbox::app::cli
