// Service: the running gateway as a whole. It opens the parts in the order in which they need each other, and
// closes them in the opposite one.
//
//   async lane  <-  gateway (data path)  <-  policies, their watch  <-  admin API
//
// Thread rule: open, reload and stop from one thread (main).
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/server.h"
#include "app/config/config.h"
#include "app/policies/library.h"
#include "app/policies/watch.h"
#include "base/clock.h"
#include "base/metrics.h"

namespace signalbox::actions {
class AsyncLane;
class BlockKeeper;
class TraceExporter;
}  // namespace signalbox::actions

namespace signalbox::app {

/// A temporary directory, gone with its owner.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> make();
  ScratchDirectory() = default;
  ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchDirectory& operator=(ScratchDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~ScratchDirectory();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Service {
 public:
  /// `config` has been validated. Afterwards clients are served. Bad policies are diagnostics, everything
  /// else one Error.
  struct NotStarted {
    Diagnostics diagnostics;
    Error error;
  };
  static std::expected<std::unique_ptr<Service>, NotStarted> open(Config config);
  ~Service();

  /// Where clients connect.
  std::vector<std::string> addresses() const;
  /// Where the admin API is, "host:port"; "" when it is off.
  std::string admin_address() const;

  /// The process has got this signal, "SIGHUP": policies hear of it.
  void signalled(std::string name) { gateway_->signalled(std::move(name)); }
  /// Takes over the live keys of a newly read configuration, and loads the policies again. What waits for a
  /// restart is logged. On an error what runs goes on unchanged.
  void reload(Config config);

  /// Stops accepting, lets sessions finish until the deadline, runs what is queued, closes everything.
  /// Blocks. Returns how many sessions had to be cut off.
  std::size_t stop(std::chrono::milliseconds deadline);

  const Config& config() const { return config_; }

 private:
  explicit Service(Config config);
  Result<void> open_lane();
  Result<void> open_gateway();
  Result<void> open_blocks();
  Result<void> open_watch();
  Result<void> open_admin();
  admin::Context admin_context();

  std::mutex config_lock_;  // held by reload() writing config_, and by other threads than main reading it
  Config config_;
  Config started_with_;  // keys that need a restart are still as they are here
  SystemClock clock_;
  Metrics metrics_;
  std::int64_t started_ns_ = clock_.wall_ns();
  ScratchDirectory scratch_;
  std::unique_ptr<PolicyLibrary> library_;
  std::unique_ptr<actions::TraceExporter> traces_;  ///< null: none are made
  std::unique_ptr<actions::AsyncLane> lane_;
  std::unique_ptr<proxy::Gateway> gateway_;
  std::unique_ptr<actions::BlockKeeper> blocks_;
  std::atomic<proxy::Gateway*> results_to_{nullptr};  // read by the lane's writer thread
  std::unique_ptr<DirectoryWatch> watch_;
  std::unique_ptr<admin::Server> admin_;
};

}  // namespace signalbox::app
