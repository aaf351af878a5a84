// Ring: a bounded queue of byte records between one producer and one consumer thread, without locks.
//
// Records are contiguous (a record that would straddle the end starts over at the beginning) and 8-byte
// aligned. The consumer reads ahead and releases later: what is not yet committed is still in the ring, so
// the writer needs no copy of a batch, and a commit that fails can be tried again from the same bytes. Each
// side keeps a stale copy of the other's position and refreshes it only when it seems to be out of room or
// out of records; that is what keeps the cache line from bouncing on every push.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace signalbox::actions {

class Ring {
 public:
  /// `bytes` is rounded up to a power of two, at least 4 KiB.
  explicit Ring(std::size_t bytes);

  std::size_t capacity() const { return capacity_; }
  /// A record larger than this is never taken.
  std::size_t max_record() const { return capacity_ / 4; }

  // Producer.

  /// Room for a record of `size` bytes that leaves `keep_free` bytes free after it; nullptr when there is
  /// none.
  char* reserve(std::size_t size, std::size_t keep_free = 0);
  /// Makes the reserved record visible to the consumer.
  void publish();
  /// Bytes in use as the producer sees them; may be stale upwards.
  std::size_t used() const;

  // Consumer.

  /// The next unread record, or an empty view. Its bytes stay valid until release().
  std::string_view read();
  /// There is an unread record.
  bool has_more() const { return read_ != tail_.load(std::memory_order_acquire); }
  /// Starts reading again at the oldest unreleased record.
  void rewind() { read_ = released_; }
  /// Gives back everything read so far.
  void release();

 private:
  static constexpr std::size_t kHeader = 8;
  static constexpr std::uint32_t kWrap = 0xffff'ffff;
  static std::size_t framed(std::size_t size) { return kHeader + ((size + 7) & ~std::size_t{7}); }
  char* at(std::uint64_t position) const { return bytes_.get() + (position & (capacity_ - 1)); }

  std::size_t capacity_;
  std::unique_ptr<char[]> bytes_;

  alignas(64) std::atomic<std::uint64_t> tail_{0};  ///< written by the producer
  std::uint64_t head_seen_ = 0;                     // producer's copy of head_
  std::uint64_t pending_ = 0;                       // tail after publish()

  alignas(64) std::atomic<std::uint64_t> head_{0};  ///< written by the consumer
  std::uint64_t tail_seen_ = 0;                     // consumer's copy of tail_
  std::uint64_t read_ = 0;
  std::uint64_t released_ = 0;
};

}  // namespace signalbox::actions
