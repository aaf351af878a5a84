// OPA's flags in common. CLI11 reports what a validator returns as a usage error, so that is where a flag is
// refused.
#include "app/cli/opa_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <expected>
#include <fstream>
#include <iterator>
#include <optional>

#include "policy/capabilities.h"
#include "policy/syntax/parsing.h"

namespace signalbox::app::cli {
namespace {

constexpr std::string_view kRefusedGroup;  // no group: not in the help

std::expected<policy::Capabilities, std::string> read_capabilities(const std::string& named) {
  if (auto known = policy::capabilities_of(named)) return std::move(*known);
  std::ifstream in(named, std::ios::binary);
  if (!in) return std::unexpected(fmt::format("no such file or capabilities version found: {}", named));
  auto read = policy::parse_capabilities(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!read) return std::unexpected(fmt::format("{}: {}", named, read.error()));
  return read;
}

}  // namespace

void add_version_flags(CLI::App& verb, bool& v0) {
  verb.add_flag("--v0-compatible", v0, "Read modules as Rego v0");
  verb.add_flag("--v1-compatible")->description("Read modules as Rego v1, which is the default");
}

void add_capabilities_option(CLI::App& verb, std::string& named) {
  verb.add_option("--capabilities", named,
                  "Allow only what this version of OPA (v0.60.0) or this capabilities file allows")
      ->check([](const std::string& text) {
        const auto read = read_capabilities(text);
        return read ? std::string() : read.error();
      });
}

Diagnostics beyond_capabilities(const std::string& named, const std::vector<policy::SourceFile>& files,
                                bool v0) {
  const auto allowed = named.empty() ? std::nullopt : std::optional(read_capabilities(named));
  if (!allowed || !*allowed) return {};  // the option's check has reported what cannot be read
  policy::ast::ParseOptions parsing;
  if (v0) parsing.version = policy::ast::RegoVersion::V0;
  std::vector<policy::ast::Module> modules;
  for (const auto& file : files) {
    if (!file.path.ends_with(".rego")) continue;
    const auto& shown = file.shown.empty() ? file.path : file.shown;
    auto module = policy::ast::parse_module(policy::ast::make_source(shown, file.text), parsing);
    if (module) modules.push_back(std::move(*module));
  }
  return policy::beyond(**allowed, modules);
}

Diagnostics query_beyond_capabilities(const std::string& named, const std::string& query) {
  const auto allowed = named.empty() ? std::nullopt : std::optional(read_capabilities(named));
  if (!allowed || !*allowed) return {};
  const auto source = policy::ast::make_source("", query);
  const auto body = policy::ast::parse_query(source);
  return body ? policy::beyond(**allowed, *body, *source) : Diagnostics{};
}

void allow_hosts(const std::string& named, policy::BuiltinHost& host) {
  const auto allowed = named.empty() ? std::nullopt : std::optional(read_capabilities(named));
  if (!allowed || !*allowed || !(*allowed)->allow_net) return;
  host.http_hosts = *(*allowed)->allow_net;
  host.http = host.http && !host.http_hosts.empty();
  host.dns = host.dns && !host.http_hosts.empty();
}

void add_coverage_runs_option(CLI::App& verb, std::vector<std::string>& runs) {
  verb.add_option("--coverage-runs", runs,
                  "Why text was not reached: index_excluded, early_exit; empty = do not say")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"", "index_excluded", "early_exit"}));
}

void add_target_option(CLI::App& verb) {
  verb.add_option("-t,--target", "rego: policies run in this program's own machine")
      ->check([](const std::string& target) -> std::string {
        if (target == "rego") return {};
        return fmt::format(
            "{} is not supported, only rego: policies are compiled for this program's own machine", target);
      });
}

void add_read_speed_flag(CLI::App& verb) {
  verb.add_flag("--optimize-store-for-read-speed")
      ->description("Taken for OPA's sake: base documents are always kept for reading");
}

CLI::Option* add_refused_flag(CLI::App& verb, const std::string& names, const std::string& why) {
  return verb.add_flag_callback(names, [names, why] { throw CLI::ValidationError(names, why); })
      ->group(std::string(kRefusedGroup));
}

CLI::Option* add_refused_option(CLI::App& verb, const std::string& names, const std::string& why) {
  return verb
      .add_option_function<std::string>(
          names, [names, why](const std::string&) { throw CLI::ValidationError(names, why); })
      ->group(std::string(kRefusedGroup));
}

}  // namespace signalbox::app::cli
