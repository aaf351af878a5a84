// Gateway: the data path as its owner sees it. Listeners, one event loop a thread, sessions pinned to loops.
//
//   auto gateway = Gateway::open(options, services);   // reads certificates, binds sockets; nothing accepted
//   yet gateway->start();                                  // threads run gateway->use(policies); // any
//   time: sessions see it at their next event gateway->drain(30s);                               // no new
//   sessions; idle ones end at once, others in time
//
// Threads: every member may be called from any thread except the gateway's own. Gateway's destructor stops at
// once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "proxy/gateway_options.h"

namespace signalbox::policy {
class PolicySet;
}
namespace signalbox::actions {
class AsyncLane;
class BlockList;
class Limiter;
struct JobResult;
}  // namespace signalbox::actions

namespace signalbox::proxy {

/// What the gateway uses and does not own; all must outlive it. `lane` may be null: async actions are then
/// counted as dropped, and decisions are not recorded.
struct GatewayServices {
  Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
  actions::AsyncLane* lane = nullptr;
  std::shared_ptr<const policy::PolicySet> policies;  ///< null = no policy: everything passes
};

/// One row of the list of live sessions. A copy: it is a moment old.
struct SessionView {
  std::uint64_t id = 0;
  std::string client;  ///< "address:port", "local" for UNIX sockets
  std::string listener;
  std::string target;
  std::string user;
  std::string database;
  std::string application_name;
  std::string phase;        ///< "handshake", "login", "active", "closing"
  std::string transaction;  ///< "idle", "active", "failed"
  bool client_tls = false;
  bool server_tls = false;
  std::int32_t server_process = 0;  ///< the server's process id, as in BackendKeyData; 0 = none yet
  std::int64_t started_ns = 0;      ///< wall clock
  std::uint64_t statements = 0;
  std::uint64_t bytes_in = 0;   ///< from the client
  std::uint64_t bytes_out = 0;  ///< to the client
  std::size_t in_flight = 0;    ///< requests waiting for their answer
};

class Gateway {
 public:
  static Result<std::unique_ptr<Gateway>> open(GatewayOptions options, GatewayServices services);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  void start();

  /// Where it listens, in the order of the options: "127.0.0.1:6432", "/run/x/.s.PGSQL.6432". Port 0 is
  /// resolved.
  std::vector<std::string> addresses() const;

  /// Replaces the policies atomically; each session picks them up at its next event. Null = none.
  void use(std::shared_ptr<const policy::PolicySet> policies);

  /// Takes over what can change while running: timeouts, limits, certificates (read again from their files),
  /// targets for new sessions, decision options. Listeners' addresses and thread count stay.
  /// On an error nothing has changed.
  Result<void> reload(GatewayOptions options);

  /// The process has got this signal ("SIGHUP"); what follows from it is the caller's.
  void signalled(std::string name);

  /// Delivers the result of an async job to the session that asked for it, if it still lives.
  void deliver(actions::JobResult result);

  std::vector<SessionView> sessions() const;
  /// Ends one session as an administrator would (57P01). False = no such session.
  bool end_session(std::uint64_t id);

  /// Who is refused, and how often what may happen. Any thread.
  actions::BlockList& blocks();
  actions::Limiter& limiter();

  /// True from start() until drain().
  bool accepting() const;

  /// Stops accepting, ends idle sessions, waits for transactions, ends the rest at the deadline, joins
  /// threads. Blocks. Returns the number of sessions that had to be cut off. The second call returns at once.
  std::size_t drain(std::chrono::milliseconds deadline);

 private:
  class Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signalbox::proxy
