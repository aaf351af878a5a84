// Worker: one thread of the gateway: its loop, its sessions, its counters. And what all workers share.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_set>
#include <vector>

#include "actions/limits/block_list.h"
#include "actions/limits/limiter.h"
#include "proxy/gateway.h"
#include "proxy/hooks/decider.h"
#include "proxy/hooks/lifecycle.h"
#include "proxy/net/listener.h"
#include "proxy/net/loop.h"
#include "proxy/net/resolver.h"
#include "proxy/net/tls.h"
#include "proxy/targets/cancel_registry.h"
#include "proxy/targets/catalogs.h"
#include "proxy/targets/census.h"
#include "proxy/targets/choose.h"
#include "proxy/targets/monitor.h"
#include "proxy/targets/scram.h"
#include "proxy/targets/target.h"

namespace signalbox::proxy {

class Session;
class SharedLimits;
struct SharedStore;

/// What a reload replaces. Immutable; a session keeps the one it began with.
struct Settings {
  GatewayOptions options;
  GatewayFacts facts;
  std::vector<TlsContext> listener_tls;  ///< by listener; null = no TLS
  TlsContext shared_tls;                 ///< towards what gateways share; the same
  std::vector<std::shared_ptr<const Target>> targets;
  ScramVerifiers scram;  ///< of users whose SCRAM logins may be ended here

  /// Reads certificates; errors name the file.
  static Result<std::shared_ptr<const Settings>> make(GatewayOptions options);
};

/// One for the process; every member is safe to use from every worker.
struct Shared {
  Shared(const GatewayOptions& options, GatewayServices given)
      : services(std::move(given)), census(options.limits) {}

  GatewayServices services;
  Census census;
  CancelRegistry cancels;
  Resolver resolver;
  Catalogs catalogs;
  actions::Limiter limiter;
  actions::BlockList blocks;
  HealthBoard health;
  std::atomic<std::uint64_t> next_session{1};
};

class Worker {
 public:
  Worker(Shared& shared, std::shared_ptr<const Settings> settings, MetricsShard& metrics);
  ~Worker();

  void start();
  /// Ends what still lives, and joins the thread.
  void stop();

  Shared& shared() { return shared_; }
  Loop& loop() { return loop_; }
  MetricsShard& metrics() { return metrics_; }
  const std::shared_ptr<const Settings>& settings() const { return settings_; }
  bool draining() const { return draining_; }
  Decider& decider() { return decider_; }

  /// Sessions now on this worker. Any thread.
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  /// Takes a place for a session that is about to be handed over. Any thread.
  void reserve() { load_.fetch_add(1, std::memory_order_relaxed); }

  // On the worker's own thread:
  void listen(Fd fd, Listener::OnAccept on_accept);
  void adopt(Fd client, Endpoint peer, std::size_t listener);
  void use(std::shared_ptr<const Settings> settings);
  void use(std::shared_ptr<const Policies> policies);
  void drain();
  void cut_off();
  /// The hooks of the gateway's own life are raised here from now on; one worker does it. `sessions`: how
  /// many are open in the whole gateway.
  void lead(std::function<std::uint64_t()> sessions);
  /// On the worker that leads.
  Lifecycle& lifecycle() { return *lifecycle_; }
  /// Health checks of the targets; one worker does them.
  void watch_targets();
  /// Blocks go to and come from the other gateways; one worker sees to it.
  void share_blocks();
  /// Null: this gateway counts for itself.
  SharedLimits* shared_limits();
  void began(Session& session);
  void ended(Session& session);
  std::vector<SessionView> sessions() const;
  bool end_session(std::uint64_t id);
  /// The block list has changed: ends the sessions it is about.
  void end_blocked();
  /// To the session it came from, if it still lives here.
  void deliver(const actions::JobResult& result);

 private:
  void configure_decider();

  Shared& shared_;
  std::shared_ptr<const Settings> settings_;
  MetricsShard& metrics_;
  Loop loop_;
  Decider decider_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_set<Session*> sessions_;
  std::atomic<std::size_t> load_{0};
  std::unique_ptr<Lifecycle> lifecycle_;  ///< null: another worker leads
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<SharedStore> store_;
  bool shares_blocks_ = false;
  bool draining_ = false;
  std::thread thread_;
};

}  // namespace signalbox::proxy
