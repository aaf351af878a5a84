// A queue of questions and one thread. The names asked are the configured targets, so the map stays small.
#include "proxy/net/resolver.h"

namespace signalbox::proxy {
namespace {

constexpr std::chrono::seconds kFresh{15};

}  // namespace

Resolver::Resolver() : thread_([this] { serve(); }) {}

Resolver::~Resolver() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

bool Resolver::Resolve::await_ready() {
  if (host_.starts_with('/')) {
    auto endpoint = unix_endpoint(host_, port_);
    if (endpoint) {
      answer_ = std::vector{*endpoint};
    } else {
      answer_ = std::unexpected(endpoint.error());
    }
    return true;
  }
  if (auto endpoint = numeric_endpoint(host_, port_)) {
    answer_ = std::vector{*endpoint};
    return true;
  }
  std::lock_guard lock(resolver_.mutex_);
  const auto known = resolver_.known_.find({host_, port_});
  if (known == resolver_.known_.end() || known->second.until < std::chrono::steady_clock::now()) return false;
  answer_ = known->second.endpoints;
  return true;
}

void Resolver::Resolve::await_suspend(std::coroutine_handle<> self) {
  self_ = self;
  question_ = std::make_shared<Question>(host_, port_, loop_, this);
  if (patience_.count() > 0) timer_.arm(loop_.timers(), patience_);
  {
    std::lock_guard lock(resolver_.mutex_);
    resolver_.questions_.push_back(question_);
  }
  resolver_.asked_.notify_one();
}

void Resolver::Resolve::withdraw() {
  if (!question_) return;
  std::lock_guard lock(resolver_.mutex_);
  question_->asker = nullptr;
}

void Resolver::Resolve::resume_with(Answer answer) {
  withdraw();
  timer_.disarm();
  answer_ = std::move(answer);
  self_.resume();
}

void Resolver::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Question> question = std::move(questions_.front());
    questions_.pop_front();
    if (!question->asker) continue;
    lock.unlock();
    question->answer = lookup(question->host, question->port);
    lock.lock();
    if (question->answer) {
      known_[{question->host, question->port}] = {*question->answer,
                                                  std::chrono::steady_clock::now() + kFresh};
    }
    if (!question->asker) continue;
    question->loop.post([question] {
      if (question->asker) question->asker->resume_with(std::move(question->answer));
    });
  }
}

}  // namespace signalbox::proxy
