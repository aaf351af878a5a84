// signalbox explain: what would be decided on a statement, or on a recorded event, by which rule, why not by
// the others, and what would be done. Asks the policies of a directory, or the running gateway's; nothing is
// executed.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "admin/rehearsal.h"
#include "app/cli/admin_client.h"
#include "app/cli/explained.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/policies/library.h"

namespace signalbox::app::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  AdminClient admin;
  std::string statement;
  std::string event;
  std::string policies;
  std::string hook;
  std::string user = "postgres";
  std::string database = "postgres";
  std::string application_name;
  std::string transaction;
  std::string address;
  std::vector<std::string> parameters;
  std::vector<std::string> tags;
  std::vector<std::string> signals;
  std::string output = "text";
  bool facts = false;
  bool all = false;
  bool fail = false;
};

/// NAME=TEXT, several times, as an object.
Json pairs_of(const std::vector<std::string>& given) {
  Json out = Json::object();
  for (const std::string& one : given) {
    const auto equals = one.find('=');
    out[one.substr(0, equals)] = equals == std::string::npos ? "" : one.substr(equals + 1);
  }
  return out;
}

/// NAME or NAME=JSON: a signal is true unless it says otherwise.
Json signals_of(const std::vector<std::string>& given) {
  Json out = Json::object();
  for (const auto& [name, text] : pairs_of(given).items()) {
    const Json value = Json::parse(text.get<std::string>(), nullptr, false);
    out[name] = text.get<std::string>().empty() ? Json(true) : value.is_discarded() ? text : value;
  }
  return out;
}

Json scene_of(const Options& options) {
  Json session = {{"user", options.user}, {"database", options.database}};
  if (!options.application_name.empty()) session["application_name"] = options.application_name;
  if (!options.transaction.empty()) session["transaction"] = options.transaction;
  if (!options.parameters.empty()) session["parameters"] = pairs_of(options.parameters);
  if (!options.tags.empty()) session["tags"] = pairs_of(options.tags);
  Json scene = {{"statement", options.statement}, {"session", session}};
  if (!options.address.empty()) scene["client"] = {{"address", options.address}};
  if (!options.hook.empty()) scene["hook"] = options.hook;
  if (!options.signals.empty()) scene["signals"] = signals_of(options.signals);
  return scene;
}

std::expected<std::string, Exit> request_json(const Options& options) {
  if (options.event.empty()) return scene_of(options).dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text;
  if (options.event == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream in(options.event, std::ios::binary);
    if (!in) {
      complain("cannot read " + options.event);
      return std::unexpected(Exit::Unreachable);
    }
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  const Json event = Json::parse(text, nullptr, false);
  if (event.is_discarded()) {
    complain(options.event + " is not JSON");
    return std::unexpected(Exit::Usage);
  }
  return Json{{"event", event}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::expected<std::string, Exit> ask(const Options& options) {
  const auto request = request_json(options);
  if (!request) return std::unexpected(request.error());
  if (options.policies.empty()) return options.admin.post("/gateway/v1/plan", *request);
  const auto set = load_policies({options.policies});
  if (!set) {
    complain(set.error());
    return std::unexpected(Exit::Finding);
  }
  policy::Evaluator evaluator;
  auto answer = admin::rehearse_request(*set, evaluator, {}, SystemClock(), *request);
  if (answer) return std::move(*answer);
  complain(answer.error());
  return std::unexpected(Exit::Usage);
}

Exit explain(const Options& options) {
  if (options.statement.empty() && options.event.empty() && options.hook.empty()) {
    complain("nothing to explain", "give a statement, --event FILE, or --hook NAME");
    return Exit::Usage;
  }
  const auto body = ask(options);
  if (!body) return body.error();
  const Json answer = Json::parse(*body);
  if (options.output == "json") {
    print(answer.dump(2) + "\n");
  } else {
    print(explained(answer, {.facts = options.facts, .every_rule = options.all}));
  }
  const bool refused = refuses(answer["decision"]["plan"].value("verdict", ""));
  return options.fail && refused ? Exit::Finding : Exit::Ok;
}

}  // namespace

void add_explain(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      root.add_subcommand("explain", "Say what would be decided on a statement or event, and why");
  verb->add_option("statement", options->statement, "SQL text");
  verb->option_defaults()->group("What is asked about");
  verb->add_option(
      "--event", options->event,
      "A file (- for stdin) with an input document or a decision's record, instead of a statement");
  verb->add_option("--hook", options->hook, "The hook")->default_str("traffic_from_client");
  verb->option_defaults()->group("The session that it happens in");
  verb->add_option("-U,--user", options->user, "Its user");
  verb->add_option("-d,--database", options->database, "Its database");
  verb->add_option("--application-name", options->application_name, "Its application_name");
  verb->add_option("--transaction", options->transaction, "idle, active or failed");
  verb->add_option("--address", options->address, "The client's address; without it, a UNIX socket");
  verb->add_option("--parameter", options->parameters, "A parameter, NAME=VALUE; several times")
      ->allow_extra_args(false);
  verb->add_option("--tag", options->tags, "A tag, NAME=VALUE; several times")->allow_extra_args(false);
  verb->add_option("--signal", options->signals, "A plugin's signal, NAME or NAME=JSON; several times")
      ->allow_extra_args(false);
  verb->option_defaults()->group("The answer");
  verb->add_option("-o,--output", options->output, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->add_flag("--facts", options->facts, "Print the input document as well");
  verb->add_flag("--all", options->all, "List every rule, also those that are off or about another hook");
  verb->add_flag("--fail", options->fail, "Exit 1 when the statement would be refused");
  verb->option_defaults()->group("Who answers: these policies, or the running gateway");
  verb->add_option("--policies", options->policies, "A policy directory or bundle");
  options->admin.add_options(*verb);
  verb->footer(
      "Examples:\n"
      "  signalbox explain --policies rules/ 'DELETE FROM accounts'\n"
      "  signalbox explain --policies rules/ --hook startup -U postgres --address 203.0.113.7\n"
      "  signalbox decisions show ID | signalbox explain --policies rules/ --event -\n"
      "  signalbox explain --facts -U ann 'SELECT * FROM t WHERE id = 1'     asks the running gateway");
  verb->callback([=, &chosen] { chosen = [=] { return explain(*options); }; });
}

}  // namespace signalbox::app::cli
