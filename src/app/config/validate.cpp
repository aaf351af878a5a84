// What no single key can tell: values that do not go together.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "actions/parameter_syntax.h"
#include "app/config/address.h"
#include "app/config/config.h"
#include "app/config/slot.h"

namespace signalbox::app {
namespace {

class Findings {
 public:
  void error(std::string message, std::string hint = {}) {
    found_.push_back({Severity::Error, "config_invalid", std::move(message), {}, {}, std::move(hint)});
  }
  Diagnostics take() { return std::move(found_); }

 private:
  Diagnostics found_;
};

bool loopback(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("localhost:") || address.starts_with("[::1]:");
}

template <class Element>
void unique_names(Findings& findings, const std::vector<Element>& elements, std::string_view section) {
  std::set<std::string> seen;
  for (const auto& element : elements) {
    if (!seen.insert(element.name).second) {
      findings.error(fmt::format("{}: two are named \"{}\"", section, element.name),
                     "give each its own name");
    }
    if (!parse_address(element.address)) {
      findings.error(
          fmt::format("{}: \"{}\" is not the address of \"{}\"", section, element.address, element.name),
          "write host:port, [v6]:port or /directory:port");
    }
  }
}

constexpr std::uint64_t kMostThreads = 1024;

void check_listener_tls(Findings& findings, const ListenerConfig& l) {
  if (l.tls.mode == "disable") return;
  if (l.tls.certificate.empty() || l.tls.key.empty()) {
    findings.error(
        fmt::format("listener \"{}\": tls.mode {} needs tls.certificate and tls.key", l.name, l.tls.mode));
  }
  if (l.tls_client_certificates != "none" && l.tls.ca.empty()) {
    findings.error(fmt::format("listener \"{}\": tls.client_certificates {} needs tls.client_ca", l.name,
                               l.tls_client_certificates));
  }
}

void check_files(Findings& findings, Config& config) {
  for (const auto& section : sections()) {
    for (const auto& keys : section.elements(config)) {
      for (const auto& key : keys) {
        const auto* const* path = std::get_if<std::filesystem::path*>(&key.slot);
        const bool must_exist = path && !key.name.ends_with("directory") && !(*path)->empty();
        std::error_code ignored;
        if (must_exist &&
            (!std::filesystem::exists(**path, ignored) || std::filesystem::is_directory(**path, ignored))) {
          findings.error(
              fmt::format("{}.{}: there is no file {}", section.name, key.name, (*path)->string()));
        }
      }
    }
  }
}

}  // namespace

Diagnostics validate(const Config& original) {
  Findings findings;
  Config config = original;
  if (config.listeners.empty())
    findings.error("there is no listener", "add one under `listeners`, or pass --listen");
  if (config.targets.empty())
    findings.error("there is no target", "add one under `targets`, or pass --target");
  unique_names(findings, config.listeners, "listeners");
  unique_names(findings, config.targets, "targets");
  for (const auto& listener : config.listeners) check_listener_tls(findings, listener);
  check_files(findings, config);

  const auto& directory = config.policy.directory;
  std::error_code ignored;
  const bool bundle = std::filesystem::is_regular_file(directory, ignored);
  if (!directory.empty() && !bundle && !std::filesystem::is_directory(directory, ignored)) {
    findings.error(
        fmt::format("policy.directory: {} is neither a directory nor a bundle", directory.string()));
  }
  if (config.gateway.threads > kMostThreads || config.actions.runners > kMostThreads)
    findings.error(fmt::format("gateway.threads and actions.runners are at most {}", kMostThreads));
  const SharedConfig& shared = config.shared;
  if (!shared.address.empty() && !shared.address.starts_with('/') && !parse_address(shared.address)) {
    findings.error(fmt::format("shared.address: \"{}\" is not an address", shared.address),
                   "write host:port, or the path of a UNIX socket");
  }
  if (shared.deadline.count() == 0 || shared.lease.count() == 0)
    findings.error("shared.deadline and shared.lease must be more than 0");
  const auto& admin = config.admin;
  if (!admin.address.empty() && !parse_address(admin.address)) {
    findings.error(fmt::format("admin.address: \"{}\" is not an address", admin.address), "write host:port");
  }
  const bool guarded =
      !admin.read_token.empty() || !admin.operate_token.empty() || !admin.debug_token.empty();
  if (!admin.address.empty() && !guarded && !loopback(admin.address)) {
    findings.error(
        fmt::format("admin.address {} is not a loopback address and no token is set", admin.address),
        "set admin.read_token and admin.operate_token");
  }
  const std::string& collector = config.observability.traces_endpoint;
  if (!collector.empty() && !actions::is_http_url(collector)) {
    findings.error(fmt::format("observability.traces.endpoint: \"{}\" is not a URL", collector),
                   "write http://host:4318/v1/traces");
  }
  return findings.take();
}

namespace {

bool all_live(const std::vector<Keys>& a, const std::vector<Keys>& b) {
  const Keys& keys = a.empty() ? b.front() : a.front();
  return std::ranges::all_of(keys, [](const Key& key) { return key.reload == Reload::Live; });
}

}  // namespace

std::vector<std::string> restart_needed(Config& before, Config& after) {
  std::vector<std::string> changed;
  for (const auto& section : sections()) {
    const auto old_elements = section.elements(before);
    const auto new_elements = section.elements(after);
    if (old_elements.size() != new_elements.size() && !all_live(old_elements, new_elements)) {
      changed.emplace_back(section.name);
    }
    for (std::size_t i = 0; i < std::min(old_elements.size(), new_elements.size()); ++i) {
      for (std::size_t k = 0; k < old_elements[i].size(); ++k) {
        const Key& was = old_elements[i][k];
        if (was.reload == Reload::Live || same(was.slot, new_elements[i][k].slot)) continue;
        changed.push_back(fmt::format("{}.{}", section.name, was.name));
      }
    }
  }
  return changed;
}

}  // namespace signalbox::app
