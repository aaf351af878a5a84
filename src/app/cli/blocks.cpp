// signalbox blocks list | add | lift: whom a running gateway refuses.
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
  std::string kind = "address";
  std::string value;
  std::string time;
  std::string reason;
};

Exit list(const Options& options) {
  const auto body = options.admin.get("/gateway/v1/blocks");
  if (!body) return body.error();
  if (options.output == "json") {
    print(*body);
    return Exit::Ok;
  }
  std::vector<std::vector<std::string>> rows{{"KIND", "VALUE", "SINCE", "UNTIL", "SOURCE", "REASON"}};
  const auto blocks = nlohmann::json::parse(*body)["blocks"];
  for (const auto& b : blocks) {
    rows.push_back({b["kind"], b["value"], b["since"],
                    b["until"].is_null() ? std::string("for good") : b["until"].get<std::string>(),
                    b["source"], b["reason"]});
  }
  print(table(rows));
  return Exit::Ok;
}

Exit add(const Options& options) {
  nlohmann::json block{{"kind", options.kind}, {"value", options.value}, {"reason", options.reason}};
  if (!options.time.empty()) block["for"] = options.time;
  const auto body = options.admin.post("/gateway/v1/blocks", block.dump());
  if (!body) return body.error();
  print(*body);
  return Exit::Ok;
}

Exit lift(const Options& options) {
  const nlohmann::json block{{"kind", options.kind}, {"value", options.value}};
  const auto body = options.admin.post("/gateway/v1/blocks/lift", block.dump());
  if (!body) return body.error();
  print(*body);
  return Exit::Ok;
}

}  // namespace

void add_blocks(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("blocks", "List, add or lift the blocks of a running gateway");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  signalbox blocks list\n"
      "  signalbox blocks add 10.1.0.0/16 --for 2h --reason \"port scan\"\n"
      "  signalbox blocks add mallory --kind user\n"
      "  signalbox blocks lift 10.1.0.0/16");
  const auto sub = [&](const char* name, const char* summary, Exit (*run)(const Options&)) {
    CLI::App* made = verb->add_subcommand(name, summary);
    options->admin.add_options(*made);
    made->callback([=, &chosen] { chosen = [=] { return run(*options); }; });
    return made;
  };
  const auto named = [&](CLI::App* made) {
    made->add_option("value", options->value, "The address, network, user or fingerprint")->required();
    made->add_option("--kind", options->kind, "What the value is: address (or network), user, fingerprint")
        ->check(CLI::IsMember({"address", "user", "fingerprint"}));
    return made;
  };
  sub("list", "List whom the gateway refuses", list)
      ->add_option("-o,--output", options->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  CLI::App* adding = named(sub("add", "Refuse somebody, and end the sessions there are", add));
  adding->add_option("--for", options->time, "How long, as in 15m, 2h, 7d; otherwise for good");
  adding->add_option("--reason", options->reason, "For those who read the list");
  named(sub("lift", "Refuse somebody no longer", lift));
}

}  // namespace signalbox::app::cli
