// One thread that waits for changes. Several changes at once are one write. A write that fails is tried again
// after a while; the list in memory holds meanwhile.
#include "actions/limits/block_keeper.h"

#include <chrono>

#include "base/log.h"

namespace signalbox::actions {
namespace {

/// How often blocks that are over leave the list, and a failed write is tried again.
constexpr std::chrono::seconds kRound{10};

}  // namespace

Result<std::unique_ptr<BlockKeeper>> BlockKeeper::open(BlockList& blocks, std::string path,
                                                       const Clock& clock) {
  if (auto loaded = blocks.load(path, clock.wall_ns()); !loaded) return std::unexpected(loaded.error());
  return std::unique_ptr<BlockKeeper>(new BlockKeeper(blocks, std::move(path), clock));
}

BlockKeeper::BlockKeeper(BlockList& blocks, std::string path, const Clock& clock)
    : blocks_(blocks), path_(std::move(path)), clock_(clock), saved_(blocks.version()) {
  blocks_.watch([this] {
    {
      const std::lock_guard lock(mutex_);
    }  // not between the thread's look and its wait
    changed_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

BlockKeeper::~BlockKeeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
  save();
}

void BlockKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    changed_.wait_for(lock, kRound, [this] { return ending_ || blocks_.version() != saved_; });
    lock.unlock();
    blocks_.expire(clock_.wall_ns());
    save();
    lock.lock();
  }
}

void BlockKeeper::save() {
  const std::uint64_t version = blocks_.version();
  if (version == saved_) return;
  if (auto written = blocks_.save(path_, clock_.wall_ns()); !written) {
    log::error("the block list could not be written", {{"error", written.error().message}});
    return;
  }
  saved_ = version;
}

}  // namespace signalbox::actions
