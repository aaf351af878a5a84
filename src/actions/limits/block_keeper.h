// BlockKeeper: makes a block list survive a restart. A thread of its own writes the list out after each
// change, so that no event loop waits for a disk.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "actions/limits/block_list.h"
#include "actions/store/block_store.h"
#include "base/clock.h"

namespace signalbox::actions {

class BlockKeeper {
 public:
  /// Reads what the store at `path` holds into the list. The list must not be shared yet, and must outlive
  /// the keeper; changes of it end before the keeper does.
  static Result<std::unique_ptr<BlockKeeper>> open(BlockList& blocks, std::string path, const Clock& clock);
  /// Writes what has not been written yet.
  ~BlockKeeper();
  /// Waits until what the list holds now is written. Timeout, or the store's error: a crash may lose it.
  Result<void> written(std::chrono::nanoseconds patience);
  BlockKeeper(const BlockKeeper&) = delete;
  BlockKeeper& operator=(const BlockKeeper&) = delete;

 private:
  BlockKeeper(BlockList& blocks, BlockStore store, const Clock& clock);
  void run();
  void save();
  bool has_news() const { return blocks_.version() != saved_; }

  BlockList& blocks_;
  BlockStore store_;  ///< the thread's, once it runs
  const Clock& clock_;
  std::mutex mutex_;         ///< of what follows
  std::uint64_t saved_ = 0;  ///< the list's version that is in the store
  std::uint64_t tries_ = 0;
  std::optional<Error> failed_;  ///< the last try did
  std::condition_variable changed_, tried_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace signalbox::actions
