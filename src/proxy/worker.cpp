// One thread: a loop, its listeners, its sessions.
#include "proxy/worker.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/hooks/opa_source.h"
#include "proxy/lane/shared_store.h"
#include "proxy/session/session.h"

namespace signalbox::proxy {

Result<std::shared_ptr<const Settings>> Settings::make(GatewayOptions options) {
  if (options.targets.empty()) return fail(ErrorCode::InvalidArgument, "no target is configured");
  auto settings = std::make_shared<Settings>();
  for (const ListenerOptions& listener : options.listeners) {
    auto tls = make_listener_tls(listener.tls);
    if (!tls) return std::unexpected(tls.error());
    settings->listener_tls.push_back(std::move(*tls));
  }
  for (const TargetOptions& target : options.targets) {
    auto made = Target::make(target);
    if (!made) return std::unexpected(made.error());
    settings->targets.push_back(std::move(*made));
  }
  if (!options.decisions.external.url.empty()) {
    if (auto fine = OpaSource::check(options.decisions.external); !fine) return std::unexpected(fine.error());
  }
  auto shared_tls = make_target_tls(options.shared.tls);
  if (!shared_tls) return std::unexpected(shared_tls.error());
  settings->shared_tls = std::move(*shared_tls);
  if (!options.scram_file.empty()) {
    auto verifiers = read_scram_file(options.scram_file);
    if (!verifiers) return std::unexpected(verifiers.error());
    settings->scram = std::move(*verifiers);
  }
  settings->facts = {.node = options.node, .tenant = options.tenant, .labels = options.labels};
  settings->options = std::move(options);
  return settings;
}

Worker::Worker(Shared& shared, std::shared_ptr<const Settings> settings, MetricsShard& metrics)
    : shared_(shared),
      settings_(std::move(settings)),
      metrics_(metrics),
      decider_(*shared.services.clock, metrics,
               shared.services.lane != nullptr ? &shared.services.lane->producer() : nullptr) {
  configure_decider();
  const SharedStoreOptions& store = settings_->options.shared;
  if (store.host.empty()) return;
  // Unlike any other worker's, also of a gateway that had this process id before.
  const std::string holder = fmt::format("{}:{}:{}:{}", settings_->options.node, ::getpid(),
                                         shared_.services.clock->wall_ns(), static_cast<const void*>(this));
  store_ = std::make_unique<SharedStore>(loop_, shared_.resolver, store, settings_->shared_tls, holder,
                                         shared_.blocks, *shared_.services.clock);
}

/// The URL and the files of an external engine have been checked by Settings::make.
void Worker::configure_decider() {
  decider_.use(settings_->options.decisions, settings_->options.memory);
  const ExternalEngineOptions& external = settings_->options.decisions.external;
  if (external.url.empty()) {
    decider_.use(std::shared_ptr<DecisionSource>());
  } else if (auto source = OpaSource::make(external, loop_, shared_.resolver)) {
    decider_.use(std::shared_ptr<DecisionSource>(std::move(*source)));
  }
}

void Worker::use(std::shared_ptr<const Settings> settings) {
  settings_ = std::move(settings);
  configure_decider();
  if (lifecycle_) lifecycle_->tick_every(settings_->options.tick_interval);
}

void Worker::use(std::shared_ptr<const Policies> policies) {
  decider_.use(std::move(policies));
  if (lifecycle_) lifecycle_->tick_every(settings_->options.tick_interval);
}

void Worker::lead(std::function<std::uint64_t()> sessions) {
  lifecycle_ = std::make_unique<Lifecycle>(loop_, decider_, [this, sessions = std::move(sessions)] {
    return Lifecycle::Facts{.gateway = {settings_, &settings_->facts}, .sessions = sessions()};
  });
  lifecycle_->tick_every(settings_->options.tick_interval);
}

Worker::~Worker() {
  stop();
}

void Worker::start() {
  thread_ = std::thread([this] { loop_.run(); });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

void Worker::listen(Fd fd, Listener::OnAccept on_accept) {
  listeners_.push_back(std::make_unique<Listener>(loop_, std::move(fd), metrics_, std::move(on_accept)));
}

void Worker::adopt(Fd client, Endpoint peer, std::size_t listener) {
  Session::begin(*this, std::move(client), peer, listener);
}

void Worker::began(Session& session) {
  sessions_.insert(&session);
}

void Worker::ended(Session& session) {
  sessions_.erase(&session);
  load_.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::watch_targets() {
  const RoutingOptions& routing = settings_->options.routing;
  if (routing.check_interval.count() == 0 || monitor_) return;
  monitor_ = std::make_unique<Monitor>(loop_, shared_.resolver, shared_.health);
  monitor_->start(settings_->targets, routing, settings_->options.timeouts);
}

void Worker::share_blocks() {
  if (!store_ || std::exchange(shares_blocks_, true)) return;
  store_->blocks.start();
}

SharedLimits* Worker::shared_limits() {
  return store_ ? &store_->limits : nullptr;
}

void Worker::drain() {
  draining_ = true;
  listeners_.clear();
  for (Session* session : std::vector<Session*>(sessions_.begin(), sessions_.end())) session->drain();
}

void Worker::cut_off() {
  for (Session* session : std::vector<Session*>(sessions_.begin(), sessions_.end())) {
    session->terminate("57P01", "terminating connection due to administrator command");
  }
}

std::vector<SessionView> Worker::sessions() const {
  std::vector<SessionView> views;
  views.reserve(sessions_.size());
  for (const Session* session : sessions_) views.push_back(session->view());
  return views;
}

void Worker::end_blocked() {
  if (shares_blocks_) store_->blocks.changed();
  for (Session* session : std::vector<Session*>(sessions_.begin(), sessions_.end()))
    session->end_if_blocked();
}

void Worker::deliver(const actions::JobResult& result) {
  for (Session* session : sessions_) {
    if (session->id() != result.origin.session) continue;
    session->on_result(result);
    return;
  }
}

bool Worker::end_session(std::uint64_t id) {
  for (Session* session : sessions_) {
    if (session->id() != id) continue;
    session->terminate("57P01", "terminating connection due to administrator command");
    return true;
  }
  return false;
}

}  // namespace signalbox::proxy
