// What the admin API serves: views of the running gateway. The application fills a Context; tests fill one by
// hand. Everything in it may be called from any thread, and nothing in it waits for the data path.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actions/interlock.h"
#include "base/clock.h"
#include "base/diagnostic.h"
#include "base/metrics.h"
#include "base/result.h"
#include "proxy/gateway.h"

namespace signalbox::policy {
class PolicySet;
}
namespace signalbox::actions {
class AsyncLane;
class TraceExporter;
class BlockList;
class Limiter;
}  // namespace signalbox::actions

namespace signalbox::admin {

class Evaluations;

struct PolicyFailure {
  std::int64_t at_ns = 0;
  Diagnostics diagnostics;
};

struct PolicyStatus {
  std::string directory;       ///< "" = none configured
  std::string revision;        ///< of the set in use; "" = none
  std::int64_t loaded_ns = 0;  ///< when it came into use
  std::size_t files = 0;
  std::uint64_t loads = 0;  ///< successful ones since the start
  std::uint64_t failures = 0;
  std::optional<PolicyFailure> last_failure;  ///< set while the newest attempt is the failed one
};

/// The loaded policies. Two implementations: the application's directory, and a fixed set in tests.
class PolicySource {
 public:
  virtual ~PolicySource() = default;
  /// Null when no policy is configured.
  virtual std::shared_ptr<const policy::PolicySet> current() const = 0;
  virtual PolicyStatus status() const = 0;
  /// Loads again and, if all is well, puts the new set into use.
  virtual std::expected<void, Diagnostics> reload() = 0;
};

struct Context {
  PolicySource* policies = nullptr;
  actions::AsyncLane* lane = nullptr;              ///< null = no async lane
  const actions::TraceExporter* traces = nullptr;  ///< null = no traces are made
  const Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
  std::function<std::vector<proxy::SessionView>()> sessions;
  std::function<bool(std::uint64_t)> end_session;
  actions::BlockList* blocks = nullptr;
  std::function<Result<void>()> keep_blocks;  ///< waits until they are written; empty = nowhere
  actions::Limiter* limiter = nullptr;
  std::function<bool()> accepting;
  std::function<actions::InterlockOptions()> interlock;  ///< those in effect
  std::function<void()> drain;  ///< asks the process to drain and end; returns at once
  std::string version;
  std::string node;
  std::int64_t started_ns = 0;
  std::shared_ptr<Evaluations> evaluations;  ///< set by the server
};

}  // namespace signalbox::admin
