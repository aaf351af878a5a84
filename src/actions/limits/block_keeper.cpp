// One thread that waits for changes. Several changes at once are one write. A write that fails is tried again
// after a while; the list in memory holds meanwhile.
#include "actions/limits/block_keeper.h"

#include <chrono>

#include "base/log.h"

namespace signalbox::actions {
namespace {

/// How often blocks that are over leave the list, and a failed write is tried again.
constexpr std::chrono::seconds kRound{10};
/// Until a store that could not be written is tried again.
constexpr std::chrono::seconds kRetry{1};

}  // namespace

Result<std::unique_ptr<BlockKeeper>> BlockKeeper::open(BlockList& blocks, std::string path,
                                                       const Clock& clock) {
  auto store = BlockStore::open(path);
  if (!store) return std::unexpected(store.error());
  for (const Block& block : store->blocks()) {
    if (auto added = blocks.add(block); !added) return std::unexpected(added.error());
  }
  blocks.expire(clock.wall_ns());
  return std::unique_ptr<BlockKeeper>(new BlockKeeper(blocks, std::move(*store), clock));
}

BlockKeeper::BlockKeeper(BlockList& blocks, BlockStore store, const Clock& clock)
    : blocks_(blocks), store_(std::move(store)), clock_(clock), saved_(blocks.version()) {
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
    if (failed_) changed_.wait_for(lock, kRetry, [this] { return ending_; });
    changed_.wait_for(lock, kRound, [this] { return ending_ || has_news(); });
    lock.unlock();
    blocks_.expire(clock_.wall_ns());
    save();
    lock.lock();
  }
}

void BlockKeeper::save() {
  const std::uint64_t version = blocks_.version();
  if (version == saved_) return;  // nobody else changes it
  auto done = store_.save(blocks_.list(clock_.wall_ns()));
  if (!done) log::error("the block list could not be written", {{"error", done.error().message}});
  const std::lock_guard lock(mutex_);
  ++tries_;
  failed_ = done ? std::nullopt : std::optional(std::move(done.error()));
  if (!failed_) saved_ = version;
  tried_.notify_all();
}

/// Versions only grow; a try that began before the change may end first, so one that fails counts when it is
/// the second.
Result<void> BlockKeeper::written(std::chrono::nanoseconds patience) {
  const std::uint64_t wanted = blocks_.version();
  std::unique_lock lock(mutex_);
  const std::uint64_t before = tries_;
  const auto is_known = [&] { return saved_ >= wanted || (failed_ && tries_ > before + 1); };
  if (!tried_.wait_for(lock, patience, is_known))
    return failed_ ? Result<void>(std::unexpected(*failed_)) : fail(ErrorCode::Timeout, "it takes too long");
  if (saved_ >= wanted) return {};
  return std::unexpected(*failed_);
}

}  // namespace signalbox::actions
