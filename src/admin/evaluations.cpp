// The pool of evaluators and the cache of prepared queries. The cache is dropped whole when it is full or
// when the policy set changes: both are rare.
#include "admin/evaluations.h"

namespace signalbox::admin {

Evaluations::Loan Evaluations::borrow() {
  std::lock_guard hold(lock_);
  if (idle_.empty()) return {*this, std::make_unique<policy::Evaluator>()};
  auto evaluator = std::move(idle_.back());
  idle_.pop_back();
  return {*this, std::move(evaluator)};
}

void Evaluations::give_back(std::unique_ptr<policy::Evaluator> evaluator) {
  std::lock_guard hold(lock_);
  if (idle_.size() < kIdle) idle_.push_back(std::move(evaluator));
}

std::expected<std::shared_ptr<const policy::PreparedQuery>, Diagnostics> Evaluations::prepared(
    const std::shared_ptr<const policy::PolicySet>& set, const std::string& query) {
  {
    std::lock_guard hold(lock_);
    if (set != set_ || queries_.size() >= kQueries) queries_.clear(), set_ = set;
    if (const auto found = queries_.find(query); found != queries_.end()) return found->second;
  }
  auto made = set->prepare(query);
  if (!made) return made;
  std::lock_guard hold(lock_);
  if (set == set_) queries_[query] = *made;
  return made;
}

}  // namespace signalbox::admin
