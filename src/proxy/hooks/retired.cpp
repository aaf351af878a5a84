// The queue outlives its thread while sets that it shared are held.
#include "proxy/hooks/retired.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace signalbox::proxy {

class RetiredPolicies::Queue {
 public:
  Queue() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void put(std::unique_ptr<const Policies> policies) {
    {
      std::lock_guard hold(mutex_);
      if (thread_.get_stop_token().stop_requested()) return;  // freed here
      waiting_.push_back(std::move(policies));
    }
    arrived_.notify_one();
  }

  void end() {
    {
      std::lock_guard hold(mutex_);
      thread_.request_stop();
    }
    thread_.join();
  }

 private:
  void run(const std::stop_token& stop) {
    for (bool more = true; more;) {
      std::vector<std::unique_ptr<const Policies>> taken;
      std::unique_lock hold(mutex_);
      more = arrived_.wait(hold, stop, [this] { return !waiting_.empty(); });
      taken.swap(waiting_);
    }
  }

  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::vector<std::unique_ptr<const Policies>> waiting_;
  std::jthread thread_;  ///< last: uses the others
};

RetiredPolicies::RetiredPolicies() : queue_(std::make_shared<Queue>()) {}

RetiredPolicies::~RetiredPolicies() {
  queue_->end();
}

std::shared_ptr<const Policies> RetiredPolicies::share(std::unique_ptr<const Policies> policies) {
  return {policies.release(),
          [queue = queue_](const Policies* last) { queue->put(std::unique_ptr<const Policies>(last)); }};
}

}  // namespace signalbox::proxy
