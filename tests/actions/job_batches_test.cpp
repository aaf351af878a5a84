// Many jobs at once are the same jobs one by one: as many as no wide statement divides, with some that are
// known already and some that somebody else has claimed since.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "actions/store/job_store.h"
#include "actions/support/temporary_directory.h"

using namespace signalbox;
using namespace signalbox::actions;

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000'000;
constexpr std::size_t kMany = 150;

struct Fixture {
  testing::TemporaryDirectory directory;
  IdSource ids;
  JobStore store =
      JobStore::open({.path = directory / "jobs.db", .boot = 1, .lease_us = 1'000}, kNow).value();
  std::vector<JobView> views;

  explicit Fixture(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      JobView& view = views.emplace_back();
      view.id = ids.next(kNow * 1000);
      view.action = "webhook";
      view.sink = i % 3 == 0 ? "a" : "b";
      view.arguments = R"({"a":1})";
      view.created_ns = kNow * 1000;
      view.max_attempts = 3;
      view.wants_result = i % 2 == 0;
    }
  }

  /// All but every fifth is claimed.
  std::vector<ClaimedJob> arrive(std::uint64_t expected) {
    std::vector<Arrival> arrivals;
    for (std::size_t i = 0; i < views.size(); ++i)
      arrivals.push_back({.job = &views[i], .claim = i % 5 != 0});
    std::vector<ClaimedJob> claimed;
    REQUIRE(store.begin(Durability::Process));
    CHECK(store.insert_all(arrivals, kNow, claimed).value() == expected);
    REQUIRE(store.commit());
    return claimed;
  }

  std::vector<bool> complete(const std::vector<ClaimedJob>& jobs) {
    std::vector<JobOutcome> outcomes;
    for (const ClaimedJob& job : jobs)
      outcomes.push_back({.row = job.row, .fence = job.job.fence, .value = "null"});
    REQUIRE(store.begin(Durability::Process));
    const auto held = store.complete_all(outcomes, kNow).value();
    REQUIRE(store.commit());
    return held;
  }
};

}  // namespace

TEST_CASE("many jobs are accepted and claimed with all they were given") {
  Fixture f(kMany);
  const auto claimed = f.arrive(kMany);
  CHECK(f.store.count(JobState::Pending) == kMany / 5);
  CHECK(f.store.count(JobState::Running) == kMany - kMany / 5);
  REQUIRE(claimed.size() == kMany - kMany / 5);
  std::set<std::uint64_t> fences;
  for (std::size_t i = 0, at = 0; i < kMany; ++i) {
    if (i % 5 == 0) continue;
    const Job& job = claimed[at++].job;
    CHECK(job.id == f.views[i].id);
    CHECK(job.sink == f.views[i].sink);
    CHECK(job.arguments == R"({"a":1})");
    CHECK(job.wants_result == f.views[i].wants_result);
    CHECK(job.attempt == 1);
    fences.insert(job.fence);
  }
  CHECK(fences.size() == claimed.size());
}

TEST_CASE("of many jobs those that are known already change nothing") {
  Fixture f(kMany);
  std::vector<JobView> all = f.views;
  f.views.resize(40);
  f.arrive(40);
  f.views = all;
  const auto claimed = f.arrive(kMany - 40);
  CHECK(f.store.count(JobState::Pending) + f.store.count(JobState::Running) == kMany);
  for (const ClaimedJob& job : claimed) {
    CHECK(std::ranges::none_of(all.begin(), all.begin() + 40,
                               [&](const JobView& known) { return known.id == job.job.id; }));
  }
  const auto held = f.complete(claimed);  // each is where it is said to be
  CHECK(std::ranges::all_of(held, [](bool one) { return one; }));
}

TEST_CASE("many jobs are completed, but those that were claimed again since") {
  Fixture f(kMany);
  auto claimed = f.arrive(kMany);
  REQUIRE(f.store.begin(Durability::Process));
  std::vector<ClaimedJob> again;
  for (std::size_t i = 0; i < claimed.size(); i += 7) {
    REQUIRE(f.store.put_back({.row = claimed[i].row, .fence = claimed[i].job.fence}, kNow - 1).value());
  }
  REQUIRE(f.store.claim("a", kNow - 1, 1000, again));
  REQUIRE(f.store.claim("b", kNow - 1, 1000, again));
  REQUIRE(f.store.commit());
  const std::size_t stale = again.size();
  CHECK(stale == (claimed.size() + 6) / 7);
  const std::size_t first = claimed.size();
  claimed.insert(claimed.end(), again.begin(), again.end());  // both claims of one row in one round
  const auto held = f.complete(claimed);
  for (std::size_t i = 0; i < first; ++i) CHECK(held[i] == (i % 7 != 0));
  for (std::size_t i = first; i < held.size(); ++i) CHECK(held[i]);
  CHECK(f.store.count(JobState::Running) == 0);
  CHECK(f.store.count(JobState::Pending) == kMany / 5);
}

TEST_CASE("completed jobs that are kept keep their values") {
  Fixture f(kMany);
  f.store =
      JobStore::open({.path = f.directory / "kept.db", .boot = 1, .keep_completed = true}, kNow).value();
  const auto claimed = f.arrive(kMany);
  f.complete(claimed);
  CHECK(f.store.count(JobState::Completed) == claimed.size());
}
