// The parts of Settings::make one by one, so that all mistakes are told and not the first; then all of it, so
// that nothing which the gateway comes to read is forgotten here.
#include "app/serve/start_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <optional>

#include "app/policies/library.h"
#include "app/serve/options.h"
#include "proxy/hooks/opa_source.h"
#include "proxy/net/tls.h"
#include "proxy/targets/scram.h"
#include "proxy/targets/target.h"
#include "proxy/worker.h"

namespace signalbox::app {
namespace {

namespace fs = std::filesystem;

class Findings {
 public:
  void add(std::string message, std::string hint = {}) {
    found_.push_back({Severity::Error, "config_unusable", std::move(message), {}, {}, std::move(hint)});
  }
  template <class T>
  void add_error(const std::string& where, const Result<T>& result) {
    if (!result) add(where + ": " + result.error().message, result.error().hint);
  }
  bool empty() const { return found_.empty(); }
  Diagnostics take() { return std::move(found_); }

 private:
  Diagnostics found_;
};

void check_settings(Findings& findings, const Config& config) {
  const proxy::GatewayOptions options = gateway_options(config);
  for (const auto& listener : options.listeners)
    findings.add_error(fmt::format("listener \"{}\"", listener.name), proxy::make_listener_tls(listener.tls));
  for (const auto& target : options.targets)
    findings.add_error(fmt::format("target \"{}\"", target.name), proxy::Target::make(target));
  const auto& external = options.decisions.external;
  if (!external.url.empty()) findings.add_error("policy.opa", proxy::OpaSource::check(external));
  findings.add_error("shared", proxy::make_target_tls(options.shared.tls));
  if (!options.scram_file.empty())
    findings.add_error("gateway.scram_file", proxy::read_scram_file(options.scram_file));
  if (findings.empty()) findings.add_error("the gateway", proxy::Settings::make(options));
}

/// Why nothing can be made in the directory, which may be one that has to be made; nothing: it can.
std::optional<std::string> fault_of_directory(fs::path directory) {
  std::error_code error;
  directory = fs::absolute(directory, error);
  while (!fs::exists(directory, error) && directory.has_relative_path()) directory = directory.parent_path();
  if (!fs::is_directory(directory, error)) return directory.string() + " is not a directory";
  if (::access(directory.c_str(), W_OK | X_OK) != 0)
    return fmt::format("{}: {}", directory.string(), std::strerror(errno));
  return std::nullopt;
}

enum class Parents { MustExist, AreMade };

/// Why lines cannot be added to the file, which need not exist yet.
std::optional<std::string> fault_of_file(const fs::path& file, Parents parents) {
  std::error_code error;
  if (fs::is_directory(file, error)) return file.string() + " is a directory";
  if (fs::exists(file, error)) {
    if (::access(file.c_str(), W_OK) == 0) return std::nullopt;
    return fmt::format("{}: {}", file.string(), std::strerror(errno));
  }
  const fs::path directory = fs::absolute(file, error).parent_path();
  if (parents == Parents::MustExist && !fs::exists(directory, error))
    return directory.string() + " does not exist";
  return fault_of_directory(directory);
}

void check_places(Findings& findings, const Config& config) {
  const auto note = [&](std::string_view key, const std::optional<std::string>& fault) {
    if (fault) findings.add(fmt::format("{} cannot be written: {}", key, *fault));
  };
  const std::string& log = config.observability.log_output;
  if (log != "stderr" && log != "stdout")
    note("observability.log_output", fault_of_file(log, Parents::AreMade));
  const std::string& audit = config.actions.audit_log;
  if (audit != "stdout" && audit != "syslog")
    note("actions.audit_log", fault_of_file(audit, Parents::MustExist));
  if (!config.queue.directory.empty()) note("queue.directory", fault_of_directory(config.queue.directory));
}

Diagnostics findings_of_policies(const PolicyConfig& config) {
  if (config.directory.empty()) return {};
  const auto set = load_policies(policy_location(config), nullptr, policy_loading(config));
  return set ? (*set)->warnings() : set.error();
}

}  // namespace

Diagnostics check_start(const Config& config) {
  Findings findings;
  check_settings(findings, config);
  check_places(findings, config);
  Diagnostics out = findings.take();
  std::ranges::move(findings_of_policies(config.policy), std::back_inserter(out));
  return out;
}

}  // namespace signalbox::app
