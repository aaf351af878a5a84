// signalbox deps: the documents that a query needs.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/box_table.h"
#include "app/cli/evaluation.h"
#include "app/cli/json_text.h"
#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "policy/syntax/ast_json.h"
#include "policy/syntax/parsing.h"
#include "policy/syntax/print.h"
#include "policy/trace/dependencies.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  SourceOptions sources;
  std::string query;
  std::string format = "pretty";
  bool v0 = false;
};

using Refs = std::vector<policy::ast::Ref>;

/// OPA's form of a reference: an array of terms.
std::string refs_json(const Refs& refs) {
  std::string out = "[";
  for (const policy::ast::Ref& ref : refs) {
    if (out.size() > 1) out += ',';
    std::string terms = "[";
    for (const policy::ast::Term& term : ref.terms) {
      if (terms.size() > 1) terms += ',';
      terms += policy::ast::to_ast_json(term, policy::ast::Source{}, {});
    }
    out += terms + "]";
  }
  return out + "]";
}

std::string as_json(const policy::Dependencies& found) {
  std::string out = "{";
  if (!found.base.empty()) out += R"("base":)" + refs_json(found.base);
  if (!found.virtual_documents.empty())
    out += (out.size() > 1 ? "," : "") + std::string(R"("virtual":)") + refs_json(found.virtual_documents);
  return indented(out + "}");
}

std::string as_table(const policy::Dependencies& found) {
  std::vector<std::string> heading;
  if (!found.base.empty()) heading.emplace_back("BASE DOCUMENTS");
  if (!found.virtual_documents.empty()) heading.emplace_back("VIRTUAL DOCUMENTS");
  if (heading.empty()) return {};
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < std::max(found.base.size(), found.virtual_documents.size()); ++i) {
    auto& row = rows.emplace_back();
    const auto add = [&](const Refs& refs) {
      if (!refs.empty()) row.push_back(i < refs.size() ? policy::ast::to_text(refs[i]) : "");
    };
    add(found.base);
    add(found.virtual_documents);
  }
  return box_table(heading, rows);
}

Exit deps(const Options& options) {
  const auto fail = [](const Diagnostics& diagnostics) {
    complain(diagnostics);
    return Exit::Finding;
  };
  auto files = read_sources(options.sources);
  if (!files) return fail(files.error());
  policy::LoadOptions loading = command_line_loading();
  loading.v0_compatible = options.v0;
  loading.keep_prints = false;  // what is only printed is not needed
  const auto set = policy::PolicySet::load(std::move(*files), {}, std::move(loading));
  if (!set) return fail(set.error());
  const auto query = policy::ast::parse_query(policy::ast::make_source("", options.query));
  if (!query) return fail(query.error());
  const auto found = policy::dependencies_of(*query, (*set)->modules());
  print(options.format == "json" ? as_json(found) : as_table(found));
  return Exit::Ok;
}

}  // namespace

void add_deps(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("deps", "Print the documents that a query needs, as `opa deps` does");
  verb->add_option("query", options->query, "The query, such as data.gateway.actions")->required();
  options->sources.add_options(*verb);
  verb->add_option("-f,--format", options->format, "pretty or json")
      ->check(CLI::IsMember({"pretty", "json"}));
  verb->add_flag("--v0-compatible", options->v0, "Read modules as Rego v0");
  verb->add_flag("--v1-compatible")->description("Read modules as Rego v1, which is the default");
  verb->footer(
      "Base documents come from outside (input, data files); virtual documents are rules.\n"
      "Example:\n"
      "  signalbox deps -b rules/ data.gateway.actions");
  verb->callback([=, &chosen] { chosen = [=] { return deps(*options); }; });
}

}  // namespace signalbox::app::cli
