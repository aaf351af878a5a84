// The state machine of jobs, leases and fences, against a real SQLite file.
#include "actions/store/job_store.h"

#include <catch2/catch.hpp>

#include "actions/store/job_reader.h"
#include "actions/support/temporary_directory.h"

using namespace signalbox;
using namespace signalbox::actions;

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000'000;

struct Fixture {
  testing::TemporaryDirectory directory;
  IdSource ids;
  std::int64_t now = kNow;

  JobStoreOptions options(std::uint64_t boot = 1) const {
    return {.path = directory / "jobs.db", .boot = boot, .lease_us = 30'000'000};
  }
  JobStore open(std::uint64_t boot = 1) { return JobStore::open(options(boot), now).value(); }

  JobView job(std::string_view sink = "s", std::uint16_t max_attempts = 3) {
    JobView view;
    view.id = ids.next(now * 1000);
    view.action = "webhook";
    view.sink = sink;
    view.arguments = R"({"a":1})";
    view.created_ns = now * 1000;
    view.max_attempts = max_attempts;
    view.origin = {.session = 7, .generation = 2, .hook = Hook::Startup, .decision = view.id};
    return view;
  }
};

template <class Body>
void in_transaction(JobStore& store, Body body) {
  REQUIRE(store.begin(Durability::Process));
  body();
  REQUIRE(store.commit());
}

ClaimedJob claim_one(JobStore& store, std::int64_t now, std::string_view sink = "s") {
  std::vector<ClaimedJob> claimed;
  in_transaction(store, [&] { REQUIRE(store.claim(sink, now, 1, claimed)); });
  REQUIRE(claimed.size() == 1);
  return claimed[0];
}

}  // namespace

TEST_CASE("a job is accepted, claimed with all it was given, completed, and gone") {
  Fixture f;
  JobStore store = f.open();
  const JobView job = f.job();
  in_transaction(store, [&] { CHECK(store.insert(job).value()); });
  CHECK(store.count(JobState::Pending) == 1);
  const ClaimedJob claimed = claim_one(store, f.now);
  CHECK(claimed.job.id == job.id);
  CHECK(claimed.job.arguments == R"({"a":1})");
  CHECK(claimed.job.origin.session == 7);
  CHECK(claimed.job.origin.generation == 2);
  CHECK(claimed.job.origin.hook == Hook::Startup);
  CHECK(claimed.job.origin.decision == job.id);
  CHECK(claimed.job.attempt == 1);
  CHECK(store.count(JobState::Running) == 1);
  in_transaction(store,
                 [&] { CHECK(store.complete({claimed.row, claimed.job.fence, "null", ""}, f.now).value()); });
  for (const auto state : {JobState::Pending, JobState::Running, JobState::Completed, JobState::Dead}) {
    CHECK(store.count(state) == 0);
  }
}

TEST_CASE("the same id is accepted once") {
  Fixture f;
  JobStore store = f.open();
  const JobView job = f.job();
  in_transaction(store, [&] {
    CHECK(store.insert(job).value());
    CHECK_FALSE(store.insert(job).value());
  });
  CHECK(store.count(JobState::Pending) == 1);
}

TEST_CASE("a job that is not due is not claimed") {
  Fixture f;
  JobStore store = f.open();
  JobView job = f.job();
  job.delay_ns = 5'000'000'000;
  in_transaction(store, [&] { REQUIRE(store.insert(job)); });
  std::vector<ClaimedJob> claimed;
  in_transaction(store, [&] { REQUIRE(store.claim("s", f.now + 4'999'999, 10, claimed)); });
  CHECK(claimed.empty());
  in_transaction(store, [&] { REQUIRE(store.claim("s", f.now + 5'000'000, 10, claimed)); });
  CHECK(claimed.size() == 1);
}

TEST_CASE("a retry waits for its time, counts attempts and keeps the errors") {
  Fixture f;
  JobStore store = f.open();
  in_transaction(store, [&] { REQUIRE(store.insert(f.job())); });
  const ClaimedJob first = claim_one(store, f.now);
  in_transaction(store, [&] {
    CHECK(store.retry({first.row, first.job.fence, "", "status 503"}, f.now, f.now + 1000).value());
  });
  CHECK(store.pending_sinks("", 10).value().at(0).due_us == f.now + 1000);
  const ClaimedJob second = claim_one(store, f.now + 1000);
  CHECK(second.job.attempt == 2);
  CHECK(second.job.fence > first.job.fence);
  in_transaction(store,
                 [&] { CHECK(store.fail({second.row, second.job.fence, "", "status 400"}, f.now).value()); });
  auto reader = JobReader::open(f.directory / "jobs.db").value();
  const auto dead = reader->find(second.job.id, f.now).value();
  REQUIRE(dead);
  CHECK(dead->state == "dead");
  CHECK(dead->errors.find("status 503") < dead->errors.find("status 400"));
}

TEST_CASE("an acknowledgement with an old fence changes nothing") {
  Fixture f;
  JobStore store = f.open();
  in_transaction(store, [&] { REQUIRE(store.insert(f.job())); });
  const ClaimedJob first = claim_one(store, f.now);
  f.now += 31'000'000;  // its lease is over
  in_transaction(store, [&] { CHECK(store.reclaim_expired(f.now).value() == 1); });
  const ClaimedJob second = claim_one(store, f.now);
  in_transaction(store, [&] {
    CHECK_FALSE(store.complete({first.row, first.job.fence, "null", ""}, f.now).value());
    CHECK_FALSE(store.retry({first.row, first.job.fence, "", "late"}, f.now, f.now).value());
    CHECK_FALSE(store.fail({first.row, first.job.fence, "", "late"}, f.now).value());
    CHECK_FALSE(store.renew({first.row, first.job.fence, "", ""}, f.now).value());
    CHECK(store.complete({second.row, second.job.fence, "null", ""}, f.now).value());
  });
}

TEST_CASE("a renewed lease holds") {
  Fixture f;
  JobStore store = f.open();
  in_transaction(store, [&] { REQUIRE(store.insert(f.job())); });
  const ClaimedJob claimed = claim_one(store, f.now);
  in_transaction(store, [&] {
    CHECK(store.renew({claimed.row, claimed.job.fence, "", ""}, f.now + 29'000'000).value());
  });
  in_transaction(store, [&] { CHECK(store.reclaim_expired(f.now + 31'000'000).value() == 0); });
  in_transaction(store, [&] { CHECK(store.reclaim_expired(f.now + 60'000'000).value() == 1); });
}

TEST_CASE("a dead process's running jobs are taken back when the store is opened again") {
  Fixture f;
  {
    JobStore store = f.open(1);
    in_transaction(store, [&] {
      REQUIRE(store.insert(f.job("s", 2)));
      REQUIRE(store.insert(f.job("once", 1)));
    });
    (void)claim_one(store, f.now, "s");
    (void)claim_one(store, f.now, "once");
  }
  JobStore store = f.open(2);
  CHECK(store.reclaimed_at_open() == 2);
  // One may run again; the other had its only attempt, and may be what killed the process.
  CHECK(store.count(JobState::Pending) == 1);
  CHECK(store.count(JobState::Dead) == 1);
  CHECK(claim_one(store, f.now).job.attempt == 2);
}

TEST_CASE("a rollback leaves table and counts as they were") {
  Fixture f;
  JobStore store = f.open();
  REQUIRE(store.begin(Durability::Process));
  REQUIRE(store.insert(f.job()));
  store.rollback();
  CHECK(store.count(JobState::Pending) == 0);
  CHECK(store.pending_sinks("", 10).value().empty());
}

TEST_CASE("putting back does not count as an attempt") {
  Fixture f;
  JobStore store = f.open();
  in_transaction(store, [&] { REQUIRE(store.insert(f.job())); });
  const ClaimedJob claimed = claim_one(store, f.now);
  in_transaction(store,
                 [&] { CHECK(store.put_back({claimed.row, claimed.job.fence, "", ""}, f.now).value()); });
  CHECK(claim_one(store, f.now).job.attempt == 1);
}

TEST_CASE("dead letters are requeued with their attempts back, or discarded; waiting jobs are cancelled") {
  Fixture f;
  JobStore store = f.open();
  const JobView job = f.job("s", 1);
  in_transaction(store, [&] { REQUIRE(store.insert(job)); });
  const auto kill = [&] {
    const ClaimedJob claimed = claim_one(store, f.now);
    CHECK(claimed.job.attempt == 1);
    in_transaction(store,
                   [&] { REQUIRE(store.fail({claimed.row, claimed.job.fence, "", "no"}, f.now).value()); });
  };
  kill();
  in_transaction(store, [&] { CHECK(store.requeue({job.id}, f.now).value() == 1); });
  in_transaction(store, [&] { CHECK(store.requeue({job.id}, f.now).value() == 0); });
  kill();
  in_transaction(store, [&] { CHECK(store.discard({job.id}).value() == 1); });
  CHECK(store.count(JobState::Dead) == 0);
  const JobView other = f.job();
  in_transaction(store, [&] { REQUIRE(store.insert(other)); });
  in_transaction(store, [&] { CHECK(store.cancel({other.id}, f.now).value() == 1); });
  CHECK(store.count(JobState::Cancelled) == 1);
}

TEST_CASE("sweeping removes what is old and the oldest dead beyond the limit") {
  Fixture f;
  JobStore store = f.open();
  for (int i = 0; i < 5; ++i) {
    in_transaction(store, [&] { REQUIRE(store.insert(f.job("s", 1))); });
    const ClaimedJob claimed = claim_one(store, f.now);
    in_transaction(store,
                   [&] { REQUIRE(store.fail({claimed.row, claimed.job.fence, "", "no"}, f.now + i)); });
  }
  in_transaction(store, [&] { REQUIRE(store.sweep(0, f.now + 2, 100)); });
  CHECK(store.count(JobState::Dead) == 3);
  in_transaction(store, [&] { REQUIRE(store.sweep(0, 0, 1)); });
  CHECK(store.count(JobState::Dead) == 1);
}

TEST_CASE("pending sinks are walked in order, each with its earliest time") {
  Fixture f;
  JobStore store = f.open();
  in_transaction(store, [&] {
    for (const char* sink : {"c", "a", "b", "a"}) REQUIRE(store.insert(f.job(sink)));
  });
  const auto all = store.pending_sinks("", 10).value();
  REQUIRE(all.size() == 3);
  CHECK(all[0].sink == "a");
  CHECK(all[2].sink == "c");
  CHECK(store.pending_sinks("a", 1).value().at(0).sink == "b");
}

TEST_CASE("claims, the walk over sinks, lease checks and sweeps use their indexes") {
  Fixture f;
  JobStore store = f.open();
  const std::string plans = store.query_plans().value();
  INFO(plans);
  CHECK(plans.find("SCAN") == std::string::npos);
  CHECK(plans.find("TEMP B-TREE") == std::string::npos);
  CHECK(plans.find("USING INDEX jobs_due (sink=? AND run_at<?)") != std::string::npos);
  CHECK(plans.find("USING INDEX jobs_due (sink>?)") != std::string::npos);
  CHECK(plans.find("jobs_lease (lease_until<?)") != std::string::npos);
  CHECK(plans.find("jobs_dead (finished<?)") != std::string::npos);
}

TEST_CASE("the operator's view tells scheduled, available and retryable apart") {
  Fixture f;
  JobStore store = f.open();
  const JobView now = f.job("s");
  JobView later = f.job("s");
  later.delay_ns = 10'000'000'000;
  in_transaction(store, [&] {
    REQUIRE(store.insert(now));
    REQUIRE(store.insert(later));
    REQUIRE(store.insert(f.job("r")));
  });
  const ClaimedJob claimed = claim_one(store, f.now, "r");
  in_transaction(store,
                 [&] { REQUIRE(store.retry({claimed.row, claimed.job.fence, "", "x"}, f.now, f.now + 9)); });
  auto reader = JobReader::open(f.directory / "jobs.db").value();
  const auto rows = reader->list({}, f.now).value();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].state == "available");
  CHECK(rows[1].state == "scheduled");
  CHECK(rows[2].state == "retryable");
  CHECK(reader->list({.after = rows[0].id, .limit = 1}, f.now).value().at(0).id == rows[1].id);
  CHECK(reader->list({.state = JobState::Dead}, f.now).value().empty());
}
