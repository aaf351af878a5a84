// BlockKeeper: makes a block list survive a restart. A thread of its own writes the list out after each
// change, so that no event loop waits for a disk.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "actions/limits/block_list.h"
#include "base/clock.h"

namespace signalbox::actions {

class BlockKeeper {
 public:
  /// Reads what the file holds into the list. The list must not be shared yet, and must outlive the keeper;
  /// changes of it end before the keeper does.
  static Result<std::unique_ptr<BlockKeeper>> open(BlockList& blocks, std::string path, const Clock& clock);
  /// Writes what has not been written yet.
  ~BlockKeeper();
  BlockKeeper(const BlockKeeper&) = delete;
  BlockKeeper& operator=(const BlockKeeper&) = delete;

 private:
  BlockKeeper(BlockList& blocks, std::string path, const Clock& clock);
  void run();
  void save();

  BlockList& blocks_;
  const std::string path_;
  const Clock& clock_;
  std::uint64_t saved_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace signalbox::actions
