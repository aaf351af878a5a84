// epoll_wait, callbacks, deadlines. The surprise: a callback may destroy any Pollable, also one whose event
// is later in the same batch; forget() strikes such events from the batch.
#include "proxy/net/loop.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace signalbox::proxy {
namespace {

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Loop::Loop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      scratch_(std::make_unique_for_overwrite<char[]>(kScratchBytes)) {
  if (!epoll_.valid() || !wake_.valid()) throw std::system_error(errno, std::generic_category(), "epoll");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};  // null: the wake-up itself
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
  now_ns_ = steady_ns();
  timers_.advance(now_ns_);
}

void Loop::watch(int fd, std::uint32_t epoll_events, Pollable& pollable) {
  epoll_event event{.events = epoll_events, .data = {.ptr = &pollable}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Loop::change(int fd, std::uint32_t epoll_events, Pollable& pollable) {
  epoll_event event{.events = epoll_events, .data = {.ptr = &pollable}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::forget(int fd, Pollable& pollable) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (int i = current_ + 1; i < batch_; ++i) {
    if (events_[static_cast<std::size_t>(i)].data.ptr == &pollable)
      events_[static_cast<std::size_t>(i)].events = 0;
  }
}

void Loop::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void Loop::stop() {
  post([this] { stopping_ = true; });
}

void Loop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  std::vector<std::function<void()>> work;
  {
    std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (auto& piece : work) piece();
}

void Loop::run_ready() {
  running_.swap(ready_);
  for (auto handle : running_) handle.resume();
  running_.clear();
}

void Loop::dispatch(int count) {
  batch_ = count;
  for (current_ = 0; current_ < batch_; ++current_) {
    const epoll_event& event = events_[static_cast<std::size_t>(current_)];
    if (event.events == 0) continue;
    if (event.data.ptr == nullptr) {
      run_posted();
    } else {
      static_cast<Pollable*>(event.data.ptr)->on_events(event.events);
    }
  }
  batch_ = 0;
}

void Loop::run() {
  while (!stopping_) {
    const int timeout = ready_.empty() ? timers_.idle_ms().value_or(-1) : 0;
    const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout);
    now_ns_ = steady_ns();
    // Deadlines first: what an event arms counts from now, not from before a long sleep. A deadline may
    // destroy whoever has an event in this batch.
    batch_ = std::max(count, 0);
    current_ = -1;
    timers_.advance(now_ns_);
    if (count > 0) dispatch(count);
    run_ready();
  }
}

}  // namespace signalbox::proxy
