// The service: wiring, and nothing but wiring.
#include "app/serve/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "app/serve/options.h"
#include "app/version.h"
#include "base/log.h"

namespace signalbox::app {

std::expected<std::unique_ptr<Service>, Service::NotStarted> Service::open(Config config) {
  std::unique_ptr<Service> service(new Service(std::move(config)));
  if (!service->config_.policy.directory.empty()) {
    return std::unexpected(NotStarted{
        {}, {ErrorCode::InvalidArgument, "this build cannot load policies", "leave policy.directory empty"}});
  }
  for (const auto step : {&Service::open_gateway, &Service::open_admin}) {
    if (auto done = (service.get()->*step)(); !done) return std::unexpected(NotStarted{{}, done.error()});
  }
  return service;
}

Service::~Service() {
  stop(std::chrono::milliseconds(0));
}

Result<void> Service::open_gateway() {
  auto gateway = proxy::Gateway::open(gateway_options(config_), {&metrics_, &clock_, nullptr, nullptr});
  if (!gateway) return std::unexpected(gateway.error());
  gateway_ = std::move(*gateway);
  gateway_->start();
  return {};
}

Result<void> Service::open_admin() {
  if (config_.admin.address.empty()) return {};
  auto server = admin::Server::open(server_options(config_), admin_context());
  if (!server) return std::unexpected(server.error());
  admin_ = std::move(*server);
  return {};
}

admin::Context Service::admin_context() {
  admin::Context context;
  context.policies = &no_policies_;
  context.metrics = &metrics_;
  context.clock = &clock_;
  context.sessions = [this] { return gateway_->sessions(); };
  context.end_session = [this](std::uint64_t id) { return gateway_->end_session(id); };
  context.accepting = [this] { return gateway_->accepting(); };
  context.drain = [] { ::kill(::getpid(), SIGTERM); };  // main drains, as if an operator had asked
  context.version = kVersion;
  context.node = config_.gateway.node;
  context.started_ns = started_ns_;
  return context;
}

std::vector<std::string> Service::addresses() const {
  return gateway_->addresses();
}

std::string Service::admin_address() const {
  return admin_ ? fmt::format("{}:{}", server_options(config_).host, admin_->port()) : "";
}

void Service::reload(Config config) {
  for (const auto& key : restart_needed(config_, config)) {
    log::warn("a changed key waits for a restart", {{"key", key}});
  }
  if (auto opened = log::open(log_options(config)); !opened) log::error(opened.error().message);
  if (auto taken = gateway_->reload(gateway_options(config)); !taken) {
    log::error("the configuration was not taken over", {{"error", taken.error().message}});
    return;
  }
  config_ = std::move(config);
  log::info("configuration loaded");
}

std::size_t Service::stop(std::chrono::milliseconds deadline) {
  const std::size_t cut_off = gateway_ ? gateway_->drain(deadline) : 0;
  admin_.reset();  // answered until here: health says "not accepting" while sessions finish
  gateway_.reset();
  return cut_off;
}

}  // namespace signalbox::app
