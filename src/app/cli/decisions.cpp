// signalbox decisions list | show: past decisions of a running gateway.
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
  std::string id, user, action, verdict, from, until;
  std::string output = "table";
  unsigned limit = 50;
};

std::string target(const Options& options) {
  std::string out = fmt::format("/gateway/v1/decisions?limit={}", options.limit);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("&{}={}", name, percent_encoded(value));
  };
  add("user", options.user);
  add("action", options.action);
  add("verdict", options.verdict);
  add("from", options.from);
  add("until", options.until);
  return out;
}

// "deny unbounded_writes": every action with the policy that asked for it.
std::string why(const Json& decision) {
  std::string out;
  for (const auto& request : decision["requests"]) {
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {}", request.value("action", ""), request.value("policy", ""));
  }
  return decision.contains("error") ? "error: " + decision["error"].value("message", "") : out;
}

Exit list(const Options& options) {
  const auto body = options.admin.get(target(options));
  if (!body) return body.error();
  if (options.output == "json") {
    print(*body);
    return Exit::Ok;
  }
  std::vector<std::vector<std::string>> rows{
      {"TIME", "VERDICT", "USER", "DATABASE", "HOOK", "BECAUSE", "ID"}};
  const Json answer = Json::parse(*body);
  for (const auto& d : answer["decisions"]) {
    rows.push_back({d.value("time", ""), d["plan"].value("verdict", ""), d.value("user", ""),
                    d.value("database", ""), d.value("hook", ""), why(d), d.value("id", "")});
  }
  print(table(rows));
  return Exit::Ok;
}

Exit show(const Options& options) {
  const auto body = options.admin.get("/gateway/v1/decisions/" + percent_encoded(options.id));
  if (!body) return body.error();
  print(Json::parse(*body).dump(2) + "\n");
  return Exit::Ok;
}

}  // namespace

void add_decisions(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("decisions", "Search the decisions that a running gateway has made");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  signalbox decisions list --user ann --verdict deny\n"
      "  signalbox decisions list --from 2026-11-22T00:00:00Z -o json | jq '.decisions[].facts'\n"
      "  signalbox decisions show 019ab3c2-...");
  CLI::App* listing = verb->add_subcommand("list", "Newest first");
  listing->add_option("--user", options->user, "Of this user's sessions");
  listing->add_option("--action", options->action, "That asked for this action");
  listing->add_option("--verdict", options->verdict, "With this verdict");
  listing->add_option("--from", options->from, "Not before this time (RFC 3339)");
  listing->add_option("--until", options->until, "Before this time (RFC 3339)");
  listing->add_option("--limit", options->limit, "At most this many")->check(CLI::Range(1, 1000));
  listing->add_option("-o,--output", options->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  options->admin.add_options(*listing);
  listing->callback([=, &chosen] { chosen = [=] { return list(*options); }; });
  CLI::App* one = verb->add_subcommand("show", "One decision, whole");
  one->add_option("id", options->id, "The decision's id")->required();
  options->admin.add_options(*one);
  one->callback([=, &chosen] { chosen = [=] { return show(*options); }; });
}

}  // namespace signalbox::app::cli
