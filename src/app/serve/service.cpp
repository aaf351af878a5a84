// The service: wiring, and nothing but wiring.
#include "app/serve/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "actions/lanes/async_lane.h"
#include "actions/lanes/job_handler.h"
#include "actions/lanes/stream_sink.h"
#include "actions/lanes/webhook.h"
#include "actions/limits/block_keeper.h"
#include "actions/traces/exporter.h"
#include "app/serve/options.h"
#include "app/version.h"
#include "base/log.h"

namespace signalbox::app {

Result<ScratchDirectory> ScratchDirectory::make() {
  std::error_code error;
  std::string pattern = (std::filesystem::temp_directory_path(error) / "signalbox-XXXXXX").string();
  if (error || !::mkdtemp(pattern.data()))
    return fail(ErrorCode::Io, "cannot make the temporary directory " + pattern);
  ScratchDirectory made;
  made.path_ = pattern;
  return made;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

namespace {

/// The admin API's patience for the disk.
constexpr std::chrono::seconds kBlocksWritten{5};

Result<std::unique_ptr<actions::StreamSink>> audit_sink(const std::string& output) {
  if (output == "stdout") return actions::stdout_sink();
  if (output == "syslog") return actions::syslog_sink("signalbox");
  return actions::file_sink(output);
}

}  // namespace

std::expected<std::unique_ptr<Service>, Service::NotStarted> Service::open(Config config) {
  std::unique_ptr<Service> service(new Service(std::move(config)));
  const PolicyConfig& policy = service->config_.policy;
  service->library_ =
      std::make_unique<PolicyLibrary>(policy_location(policy), service->clock_, policy_loading(policy));
  if (auto loaded = service->library_->reload(); !loaded)
    return std::unexpected(NotStarted{loaded.error(), {}});
  for (const auto step :
       {&Service::open_lane, &Service::open_gateway, &Service::open_watch, &Service::open_admin}) {
    if (auto done = (service.get()->*step)(); !done) return std::unexpected(NotStarted{{}, done.error()});
  }
  return service;
}

Service::Service(Config config) : config_(std::move(config)), started_with_(config_) {}

Service::~Service() {
  stop(std::chrono::milliseconds(0));
}

Result<void> Service::open_lane() {
  actions::AsyncLaneOptions options = lane_options(config_);
  if (options.directory.empty()) {
    auto made = ScratchDirectory::make();
    if (!made) return std::unexpected(made.error());
    scratch_ = std::move(*made);
    options.directory = scratch_.path();
  }
  actions::LaneParts parts;
  parts.handlers.push_back(actions::webhook_handler(webhook_options(config_), clock_));
  auto sink = audit_sink(config_.actions.audit_log);
  if (!sink) return std::unexpected(sink.error());
  parts.log = std::move(*sink);
  parts.on_result = [this](actions::JobResult result) {
    if (auto* gateway = results_to_.load(std::memory_order_acquire)) gateway->deliver(std::move(result));
  };
  if (auto tracing = trace_options(config_)) {
    traces_ = std::make_unique<actions::TraceExporter>(std::move(*tracing));
    parts.on_decision = [this](std::int64_t time_ns, std::string_view record) {
      traces_->offer(time_ns, record);
    };
  }
  auto lane = actions::AsyncLane::open(std::move(options), std::move(parts), clock_);
  if (!lane) return std::unexpected(lane.error());
  lane_ = std::move(*lane);
  return {};
}

Result<void> Service::open_gateway() {
  auto gateway =
      proxy::Gateway::open(gateway_options(config_), {&metrics_, &clock_, lane_.get(), library_->current()});
  if (!gateway) return std::unexpected(gateway.error());
  gateway_ = std::move(*gateway);
  if (auto opened = open_blocks(); !opened) return opened;
  gateway_->start();
  results_to_.store(gateway_.get(), std::memory_order_release);
  library_->on_change(
      [this](std::shared_ptr<const policy::PolicySet> set) { gateway_->use(std::move(set)); });
  return {};
}

/// Blocks are kept where jobs are; without a directory they last as long as the process.
Result<void> Service::open_blocks() {
  const std::filesystem::path folder =
      config_.queue.directory.empty() ? scratch_.path() : config_.queue.directory;
  auto keeper = actions::BlockKeeper::open(gateway_->blocks(), folder / "blocks.db", clock_);
  if (!keeper) return std::unexpected(keeper.error());
  blocks_ = std::move(*keeper);
  return {};
}

Result<void> Service::open_watch() {
  if (config_.policy.directory.empty() || !config_.policy.watch) return {};
  // A bundle file is replaced, not edited: its directory sees that.
  std::filesystem::path watched = config_.policy.directory;
  if (std::filesystem::is_regular_file(watched)) watched = std::filesystem::absolute(watched).parent_path();
  auto watch = DirectoryWatch::open(watched, std::chrono::milliseconds(100),
                                    [this] { [[maybe_unused]] const auto logged = library_->reload(); });
  if (!watch) return std::unexpected(watch.error());
  watch_ = std::move(*watch);
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
  context.policies = library_.get();
  context.lane = lane_.get();
  context.traces = traces_.get();
  context.metrics = &metrics_;
  context.clock = &clock_;
  context.sessions = [this] { return gateway_->sessions(); };
  context.end_session = [this](std::uint64_t id) { return gateway_->end_session(id); };
  context.blocks = &gateway_->blocks();
  context.keep_blocks = [this] { return blocks_->written(kBlocksWritten); };
  context.limiter = &gateway_->limiter();
  context.accepting = [this] { return gateway_->accepting(); };
  context.interlock = [this] {
    std::lock_guard hold(config_lock_);
    return gateway_options(config_).decisions.interlock;
  };
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
  for (const auto& key : restart_needed(started_with_, config)) {
    log::warn("a changed key waits for a restart", {{"key", key}});
  }
  if (auto opened = log::open(log_options(config)); !opened) log::error(opened.error().message);
  if (auto taken = gateway_->reload(gateway_options(config)); !taken) {
    log::error("the configuration was not taken over", {{"error", taken.error().message}});
    return;
  }
  {
    std::lock_guard hold(config_lock_);
    config_ = std::move(config);
  }
  log::info("configuration loaded");
  [[maybe_unused]] const auto logged = library_->reload();
}

std::size_t Service::stop(std::chrono::milliseconds deadline) {
  watch_.reset();
  const std::size_t cut_off = gateway_ ? gateway_->drain(deadline) : 0;
  admin_.reset();  // answered until here: health says "not accepting" while sessions finish
  library_->on_change({});
  if (lane_) lane_->stop(std::max(deadline, std::chrono::milliseconds(1000)));
  if (traces_) traces_->stop(std::max(deadline, std::chrono::milliseconds(1000)));
  results_to_.store(nullptr, std::memory_order_release);
  blocks_.reset();
  gateway_.reset();
  lane_.reset();
  return cut_off;
}

}  // namespace signalbox::app
