// Positions count bytes for ever and are masked on access, so "full" and "empty" need no spare slot.
#include "actions/lanes/ring.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace signalbox::actions {

Ring::Ring(std::size_t bytes)
    : capacity_(std::bit_ceil(std::max<std::size_t>(bytes, 4096))), bytes_(new char[capacity_]) {
  // Touch every page now rather than on the data path.
  std::memset(bytes_.get(), 0, capacity_);
}

char* Ring::reserve(std::size_t size, std::size_t keep_free) {
  if (size == 0 || size > max_record()) return nullptr;
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  const std::size_t frame = framed(size);
  const std::size_t to_end = capacity_ - (tail & (capacity_ - 1));
  const std::size_t skip = frame > to_end ? to_end : 0;
  const std::size_t need = frame + skip + keep_free;
  if (need > capacity_ - (tail - head_seen_)) {
    head_seen_ = head_.load(std::memory_order_acquire);
    if (need > capacity_ - (tail - head_seen_)) return nullptr;
  }
  if (skip != 0) std::memcpy(at(tail), &kWrap, sizeof kWrap);
  char* start = at(tail + skip);
  const auto length = static_cast<std::uint32_t>(size);
  std::memcpy(start, &length, sizeof length);
  pending_ = tail + skip + frame;
  return start + kHeader;
}

void Ring::publish() {
  tail_.store(pending_, std::memory_order_release);
}

std::size_t Ring::used() const {
  return tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed);
}

std::string_view Ring::read() {
  if (read_ == tail_seen_) {
    tail_seen_ = tail_.load(std::memory_order_acquire);
    if (read_ == tail_seen_) return {};
  }
  std::uint32_t length;
  std::memcpy(&length, at(read_), sizeof length);
  if (length == kWrap) {
    read_ += capacity_ - (read_ & (capacity_ - 1));
    std::memcpy(&length, at(read_), sizeof length);
  }
  const std::string_view record(at(read_) + kHeader, length);
  read_ += framed(length);
  return record;
}

void Ring::release() {
  released_ = read_;
  head_.store(released_, std::memory_order_release);
}

}  // namespace signalbox::actions
