// signalbox sessions list | kill | drain: the connected sessions of a running gateway.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/admin_client.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  AdminClient admin;
  std::string output = "table";
  std::uint64_t id = 0;
};

Exit list(const Options& options) {
  const auto body = options.admin.get("/gateway/v1/sessions");
  if (!body) return body.error();
  if (options.output == "json") {
    print(*body);
    return Exit::Ok;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "USER", "DATABASE", "CLIENT", "TARGET", "PHASE",
                                              "TRANSACTION", "STATEMENTS", "STARTED", "APPLICATION"}};
  const auto sessions = nlohmann::json::parse(*body)["sessions"];
  for (const auto& s : sessions) {
    rows.push_back({fmt::to_string(s["id"].get<std::uint64_t>()), s["user"], s["database"], s["client"],
                    s["target"], s["phase"], s["transaction"],
                    fmt::to_string(s["statements"].get<std::uint64_t>()), s["started"],
                    s["application_name"]});
  }
  print(table(rows));
  return Exit::Ok;
}

Exit kill(const Options& options) {
  const auto body = options.admin.post(fmt::format("/gateway/v1/sessions/{}/kill", options.id), "");
  if (!body) return body.error();
  print(*body);
  return Exit::Ok;
}

Exit drain(const Options& options) {
  const auto body = options.admin.post("/gateway/v1/drain", "");
  if (!body) return body.error();
  print(*body);
  return Exit::Ok;
}

}  // namespace

void add_sessions(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("sessions", "List or end the sessions of a running gateway");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  signalbox sessions list\n"
      "  signalbox sessions kill 42\n"
      "  signalbox sessions drain                  as SIGTERM does");
  const auto add = [&](const char* name, const char* summary, Exit (*run)(const Options&)) {
    CLI::App* sub = verb->add_subcommand(name, summary);
    options->admin.add_options(*sub);
    sub->callback([=, &chosen] { chosen = [=] { return run(*options); }; });
    return sub;
  };
  add("list", "List the sessions that are connected", list)
      ->add_option("-o,--output", options->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  add("kill", "End one session", kill)->add_option("id", options->id, "The session's id")->required();
  add("drain", "Let every session finish, then end the gateway", drain);
}

}  // namespace signalbox::app::cli
