// Evaluations: evaluators and prepared queries that the admin API's threads share. An evaluator is lent to
// one request at a time; a query is prepared once for each policy set.
#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "policy/engine.h"

namespace signalbox::admin {

class Evaluations {
 public:
  /// An evaluator for as long as the loan lives.
  class Loan {
   public:
    Loan(Evaluations& from, std::unique_ptr<policy::Evaluator> evaluator)
        : from_(&from), evaluator_(std::move(evaluator)) {}
    Loan(Loan&&) noexcept = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (evaluator_) from_->give_back(std::move(evaluator_));
    }
    policy::Evaluator& operator*() const { return *evaluator_; }
    policy::Evaluator* operator->() const { return evaluator_.get(); }

   private:
    Evaluations* from_;
    std::unique_ptr<policy::Evaluator> evaluator_;
  };

  Loan borrow();

  /// The query, from the cache when this set has seen it.
  std::expected<std::shared_ptr<const policy::PreparedQuery>, Diagnostics> prepared(
      const std::shared_ptr<const policy::PolicySet>& set, const std::string& query);

 private:
  void give_back(std::unique_ptr<policy::Evaluator> evaluator);

  static constexpr std::size_t kIdle = 8;
  static constexpr std::size_t kQueries = 256;

  std::mutex lock_;
  std::vector<std::unique_ptr<policy::Evaluator>> idle_;
  std::shared_ptr<const policy::PolicySet> set_;  // the one that queries_ belongs to
  std::map<std::string, std::shared_ptr<const policy::PreparedQuery>> queries_;
};

}  // namespace signalbox::admin
