// signalbox jobs list | show | retry | discard | cancel: the async lane of a running gateway.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/admin_client.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"

namespace signalbox::app::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  AdminClient admin;
  std::string id, state, action;
  std::string output = "table";
};

std::string last_error(const Json& job) {
  const auto errors = job.find("errors");
  if (errors == job.end() || !errors->is_array() || errors->empty()) return "";
  return errors->back().value("message", "");
}

Exit list(const Options& options) {
  std::string target = "/gateway/v1/jobs?limit=1000";
  if (!options.state.empty()) target += "&state=" + options.state;
  if (!options.action.empty()) target += "&action=" + percent_encoded(options.action);
  const auto body = options.admin.get(target);
  if (!body) return body.error();
  if (options.output == "json") {
    print(*body);
    return Exit::Ok;
  }
  std::vector<std::vector<std::string>> rows{
      {"ID", "STATE", "ACTION", "SINK", "ATTEMPT", "RUN AT", "LAST ERROR"}};
  const Json answer = Json::parse(*body);
  for (const auto& job : answer["jobs"]) {
    rows.push_back({job.value("id", ""), job.value("state", ""), job.value("action", ""),
                    job.value("sink", ""),
                    fmt::format("{}/{}", job.value("attempt", 0), job.value("max_attempts", 0)),
                    job.value("run_at", ""), last_error(job)});
  }
  print(table(rows));
  return Exit::Ok;
}

Exit show(const Options& options) {
  const auto body = options.admin.get("/gateway/v1/jobs/" + percent_encoded(options.id));
  if (!body) return body.error();
  print(Json::parse(*body).dump(2) + "\n");
  return Exit::Ok;
}

Exit command(const Options& options, const std::string& name) {
  const auto body =
      options.admin.post(fmt::format("/gateway/v1/jobs/{}/{}", percent_encoded(options.id), name), "");
  if (!body) return body.error();
  print(*body);
  return Exit::Ok;
}

}  // namespace

void add_jobs(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("jobs", "See and handle the queued work of a running gateway");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  signalbox jobs list --state dead\n"
      "  signalbox jobs retry 019ab3c2-...");
  CLI::App* listing = verb->add_subcommand("list", "Jobs that wait, run or failed for good; oldest first");
  listing->add_option("--state", options->state, "pending, running, completed or dead")
      ->check(CLI::IsMember({"pending", "running", "completed", "dead"}));
  listing->add_option("--action", options->action, "Of this action");
  listing->add_option("-o,--output", options->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  options->admin.add_options(*listing);
  listing->callback([=, &chosen] { chosen = [=] { return list(*options); }; });
  const auto add = [&](const std::string& name, const char* summary, const Action& run) {
    CLI::App* sub = verb->add_subcommand(name, summary);
    sub->add_option("id", options->id, "The job's id")->required();
    options->admin.add_options(*sub);
    sub->callback([run, &chosen] { chosen = run; });
  };
  add("show", "One job, whole", [=] { return show(*options); });
  add("retry", "Run a dead job again", [=] { return command(*options, "retry"); });
  add("discard", "Give a dead job up", [=] { return command(*options, "discard"); });
  add("cancel", "Cancel a job that waits", [=] { return command(*options, "cancel"); });
}

}  // namespace signalbox::app::cli
