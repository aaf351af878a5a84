// The lane as a whole: ring, writer, store, runners, results, streams, decisions.
#include "actions/lanes/async_lane.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "actions/interlock.h"
#include "actions/lanes/dispatch.h"
#include "actions/lanes/stream_sink.h"
#include "actions/store/decision_store.h"
#include "actions/store/job_reader.h"
#include "actions/support/decisions.h"
#include "actions/support/lane_fixture.h"
#include "actions/support/temporary_directory.h"
#include "base/allocations.h"

using namespace signalbox;
using namespace signalbox::actions;
using namespace std::chrono_literals;
using testing::eventually;
using testing::parts_with;
using testing::probe_job;

namespace {

const SystemClock kClock;

AsyncLaneOptions options_in(const testing::TemporaryDirectory& directory) {
  AsyncLaneOptions options;
  options.directory = directory.path();
  options.ring_bytes = 1 << 16;
  options.runners = 2;
  options.retry = {.base = 1ms, .cap = 5ms};
  options.breaker = {.failures = 1000, .open_for = 50ms};
  return options;
}

std::unique_ptr<AsyncLane> open_lane(AsyncLaneOptions options, LaneParts parts) {
  auto lane = AsyncLane::open(std::move(options), std::move(parts), kClock);
  if (!lane) FAIL(lane.error().message);
  return std::move(*lane);
}

std::vector<nlohmann::json> lines_of(const std::string& path) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("a job runs and its result comes back with its origin") {
  testing::TemporaryDirectory directory;
  std::mutex mutex;
  std::vector<JobResult> results;
  auto lane = open_lane(options_in(directory),
                        parts_with([](const Job& job, auto&) { return Attempt::done(job.arguments); },
                                   [&](JobResult result) {
                                     const std::lock_guard lock(mutex);
                                     results.push_back(std::move(result));
                                   }));
  Producer& producer = lane->producer();
  JobView job = probe_job(producer, kClock, R"({"x":1})");
  job.wants_result = true;
  job.origin = {
      .session = 42, .generation = 3, .hook = Hook::TrafficFromClient, .decision = producer.next_id()};
  REQUIRE(producer.push(job) == Push::Taken);
  REQUIRE(eventually([&] {
    const std::lock_guard lock(mutex);
    return results.size() == 1;
  }));
  CHECK(results[0].job == job.id);
  CHECK(results[0].ok);
  CHECK(results[0].value == R"({"x":1})");
  CHECK(results[0].origin.session == 42);
  CHECK(results[0].origin.generation == 3);
  CHECK(results[0].attempts == 1);
  CHECK(lane->counters().completed == 1);
  CHECK(lane->counters().running == 0);
}

TEST_CASE("a lane that has gone to sleep wakes for a job, and for a retry that is due") {
  testing::TemporaryDirectory directory;
  auto lane = open_lane(options_in(directory), parts_with([](const Job& job, auto&) {
                          return job.attempt < 2 ? Attempt::again("not yet") : Attempt::done("1");
                        }));
  Producer& producer = lane->producer();
  for (std::uint64_t round = 1; round <= 2; ++round) {
    std::this_thread::sleep_for(400ms);  // longer than it stays watchful
    REQUIRE(producer.push(probe_job(producer, kClock)) == Push::Taken);
    REQUIRE(eventually([&] { return lane->counters().completed == round; }));
  }
}

TEST_CASE("retries end in success, or in a dead letter that can be requeued and discarded") {
  testing::TemporaryDirectory directory;
  std::atomic<bool> mended = false;
  std::mutex mutex;
  std::vector<JobResult> results;
  auto lane = open_lane(options_in(directory),
                        parts_with(
                            [&](const Job& job, auto&) {
                              const bool works = job.arguments == "{}" ? job.attempt == 3 : mended.load();
                              return works ? Attempt::done() : Attempt::again("not yet");
                            },
                            [&](JobResult result) {
                              const std::lock_guard lock(mutex);
                              results.push_back(std::move(result));
                            }));
  Producer& producer = lane->producer();
  JobView third_time = probe_job(producer, kClock);
  third_time.wants_result = true;
  JobView hopeless = probe_job(producer, kClock, R"({"hopeless":true})");
  hopeless.max_attempts = 2;
  hopeless.wants_result = true;
  REQUIRE(producer.push(third_time) == Push::Taken);
  REQUIRE(producer.push(hopeless) == Push::Taken);
  REQUIRE(eventually([&] { return lane->counters().completed == 1 && lane->counters().dead == 1; }));
  CHECK(lane->counters().attempts == 5);
  {
    const std::lock_guard lock(mutex);
    REQUIRE(results.size() == 2);
    for (const JobResult& result : results) {
      CHECK(result.ok == (result.job == third_time.id));
      CHECK(result.attempts == (result.ok ? 3 : 2));
    }
  }
  auto reader = lane->job_reader().value();
  const auto dead = reader->list({.state = JobState::Dead}, 0).value();
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].id == hopeless.id);
  CHECK(nlohmann::json::parse(dead[0].errors).size() == 2);
  mended = true;
  CHECK(lane->requeue_dead({hopeless.id}).value() == 1);
  REQUIRE(eventually([&] { return lane->counters().completed == 2; }));
  CHECK(lane->discard_dead({hopeless.id}).value() == 0);
}

TEST_CASE("a permanent error and an action that nobody runs are dead at once") {
  testing::TemporaryDirectory directory;
  auto lane = open_lane(options_in(directory),
                        parts_with([](const Job&, auto&) { return Attempt::failed("bad arguments"); }));
  Producer& producer = lane->producer();
  JobView unknown = probe_job(producer, kClock);
  unknown.action = "nobody";
  REQUIRE(producer.push(probe_job(producer, kClock)) == Push::Taken);
  REQUIRE(producer.push(unknown) == Push::Taken);
  REQUIRE(eventually([&] { return lane->counters().dead == 2; }));
  CHECK(lane->counters().attempts == 2);
}

TEST_CASE("a handler that throws costs an attempt and nothing else") {
  testing::TemporaryDirectory directory;
  auto lane = open_lane(options_in(directory), parts_with([](const Job& job, auto&) -> Attempt {
                          if (job.attempt == 1) throw std::runtime_error("boom");
                          return Attempt::done();
                        }));
  Producer& producer = lane->producer();
  REQUIRE(producer.push(probe_job(producer, kClock)) == Push::Taken);
  REQUIRE(eventually([&] { return lane->counters().completed == 1; }));
}

TEST_CASE("an open breaker leaves the sink alone, burns no attempts, and does not hold up other sinks") {
  testing::TemporaryDirectory directory;
  AsyncLaneOptions options = options_in(directory);
  options.breaker = {.failures = 2, .open_for = 300ms};
  std::atomic<int> bad_calls = 0, good_calls = 0;
  std::atomic<bool> mended = false;
  auto lane = open_lane(options, parts_with([&](const Job& job, auto&) {
                          if (job.sink == "good") return ++good_calls, Attempt::done();
                          ++bad_calls;
                          if (mended) return Attempt::done();
                          Attempt attempt = Attempt::again("down");
                          attempt.sink_trouble = true;
                          return attempt;
                        }));
  Producer& producer = lane->producer();
  for (int i = 0; i < 20; ++i) {
    REQUIRE(producer.push(probe_job(producer, kClock, "{}", "bad")) == Push::Taken);
    REQUIRE(producer.push(probe_job(producer, kClock, "{}", "good")) == Push::Taken);
  }
  REQUIRE(eventually([&] { return good_calls == 20; }));
  std::this_thread::sleep_for(50ms);
  // Two failures opened it; with four in flight at once, a few more may have been under way.
  CHECK(bad_calls <= 6);
  CHECK(lane->counters().dead == 0);
  mended = true;
  REQUIRE(eventually([&] { return lane->counters().completed == 40; }));
}

TEST_CASE("jobs to one slow sink leave room for others") {
  testing::TemporaryDirectory directory;
  AsyncLaneOptions options = options_in(directory);
  options.runners = 4;
  options.sink_concurrency = 2;
  std::atomic<int> at_once = 0, most = 0, quick = 0;
  std::atomic<bool> release = false;
  auto lane = open_lane(options, parts_with([&](const Job& job, const std::stop_token& stop) {
                          if (job.sink == "quick") return ++quick, Attempt::done();
                          most = std::max(most.load(), ++at_once);
                          while (!release && !stop.stop_requested()) std::this_thread::sleep_for(1ms);
                          --at_once;
                          return Attempt::done();
                        }));
  Producer& producer = lane->producer();
  for (int i = 0; i < 10; ++i)
    REQUIRE(producer.push(probe_job(producer, kClock, "{}", "slow")) == Push::Taken);
  for (int i = 0; i < 10; ++i)
    REQUIRE(producer.push(probe_job(producer, kClock, "{}", "quick")) == Push::Taken);
  CHECK(eventually([&] { return quick == 10; }));
  release = true;
  CHECK(eventually([&] { return lane->counters().completed == 20; }));
  CHECK(most <= 2);
}

TEST_CASE("jobs that were not run are there after a restart") {
  testing::TemporaryDirectory directory;
  constexpr int kJobs = 50;
  {
    auto lane = open_lane(options_in(directory), parts_with([](const Job&, const std::stop_token& stop) {
                            while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
                            return Attempt::again("stopped");
                          }));
    Producer& producer = lane->producer();
    for (int i = 0; i < kJobs; ++i) REQUIRE(producer.push(probe_job(producer, kClock)) == Push::Taken);
    lane->stop(20ms);
    CHECK(lane->counters().accepted == kJobs);
  }
  std::mutex mutex;
  std::set<Id> seen;
  auto lane = open_lane(options_in(directory), parts_with([&](const Job& job, auto&) {
                          const std::lock_guard lock(mutex);
                          seen.insert(job.id);
                          return Attempt::done();
                        }));
  CHECK(eventually([&] { return lane->counters().completed == kJobs; }));
  CHECK(seen.size() == kJobs);
}

TEST_CASE("one directory serves one gateway") {
  testing::TemporaryDirectory directory;
  auto lane = open_lane(options_in(directory), {});
  const auto second = AsyncLane::open(options_in(directory), {}, kClock);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::AlreadyExists);
}

TEST_CASE("a full ring drops and counts, lets fail-closed records use the reserve, and then refuses them") {
  testing::TemporaryDirectory directory;
  auto lane = open_lane(options_in(directory), parts_with([](const Job&, auto&) { return Attempt::done(); }));
  Producer& producer = lane->producer();
  const std::string arguments(2000, ' ');
  JobView job = probe_job(producer, kClock, arguments);
  std::uint64_t dropped = 0, taken = 0;
  // Faster than any writer drains: the ring holds 31 of these.
  for (int i = 0; i < 2000; ++i) {
    job.id = producer.next_id();
    (producer.push(job) == Push::Taken ? taken : dropped)++;
  }
  CHECK(dropped > 0);
  CHECK(producer.pressure() > 0.0);
  CHECK(lane->counters().dropped_ring == dropped);
  job.arguments = std::string_view();
  const std::string huge(1 << 15, ' ');
  JobView big = job;
  big.arguments = huge;
  CHECK(producer.push(big) == Push::Dropped);
  big.overflow = Overflow::FailClosed;
  CHECK(producer.push(big) == Push::Refuse);
  CHECK(lane->counters().dropped_size == 2);
  CHECK(lane->counters().refused == 1);
  CHECK(eventually([&] { return lane->counters().completed == taken; }));
}

TEST_CASE(
    "log lines reach the file in order, numbered; drops leave a gap marker that accounts for every number") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "audit.log";
  LaneParts parts;
  parts.log = file_sink(path).value();
  auto lane = open_lane(options_in(directory), std::move(parts));
  Producer& producer = lane->producer();
  const std::string padding(3000, 'x');
  const auto decision = testing::decision_of(
      {R"({"action": "log", "message": "line\nwith \"quotes\"", "labels": {"p": ")" + padding + "\"}}"});
  const Plan plan = interlock(decision, Hook::TrafficFromClient, {});
  REQUIRE(plan.async.size() == 1);
  std::uint64_t pushed = 0, dropped = 0;
  for (int burst = 0; burst < 5; ++burst) {
    for (int i = 0; i < 200; ++i, ++pushed) {
      const DispatchContext context{.origin = {.decision = producer.next_id()}, .now_ns = kClock.wall_ns()};
      dropped += queue_async(plan, decision, NoFacts(), context, producer) == Push::Dropped ? 1 : 0;
    }
    std::this_thread::sleep_for(20ms);
  }
  lane->stop(5s);
  const auto lines = lines_of(path);
  std::uint64_t expected = 1, missing = 0;
  for (const auto& line : lines) {
    if (line.contains("gap")) {
      REQUIRE(line["gap"]["from"] == expected);
      expected = line["gap"]["to"].get<std::uint64_t>() + 1;
      missing += line["gap"]["count"].get<std::uint64_t>();
    } else {
      REQUIRE(line["n"] == expected);
      REQUIRE(line["message"] == "line\nwith \"quotes\"");
      ++expected;
    }
  }
  CHECK(expected == pushed + 1);
  CHECK(missing == dropped);
  CHECK(dropped > 0);
}

TEST_CASE("the log goes on after a restart where it stopped, and follows a rotated file") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "audit.log";
  const auto decision = testing::decision_of({R"({"action": "log", "message": "m"})"});
  const Plan plan = interlock(decision, Hook::Booted, {});
  for (int round = 0; round < 3; ++round) {
    LaneParts parts;
    parts.log = file_sink(path).value();
    auto lane = open_lane(options_in(directory), std::move(parts));
    Producer& producer = lane->producer();
    for (int i = 0; i < 10; ++i) {
      REQUIRE(queue_async(plan, decision, NoFacts(), {.origin = {}, .now_ns = kClock.wall_ns()}, producer) ==
              Push::Taken);
    }
    lane->stop(5s);
    if (round == 1) std::filesystem::rename(path, path + ".1");
  }
  CHECK(lines_of(path + ".1").size() == 20);
  CHECK(lines_of(path).size() == 10);
}

TEST_CASE("decision records are found by time, user, action, verdict and id, page by page") {
  testing::TemporaryDirectory directory;
  auto lane = open_lane(options_in(directory), {});
  Producer& producer = lane->producer();
  std::vector<Id> ids;
  const std::int64_t start = kClock.wall_ns();
  IdSource source;
  for (int i = 0; i < 40; ++i) {
    const auto decision =
        i % 4 == 0
            ? testing::decision_of({R"({"action": "deny", "policy": "p", "rule": "r", "message": "no"})",
                                    R"({"action": "log", "message": "x"})"})
            : testing::decision_of({R"({"action": "log", "message": "x"})"});
    const Plan plan = interlock(decision, Hook::TrafficFromClient, {});
    DecisionRecordView record;
    record.id = source.next(start + i * 1'000'000'000LL);
    record.time_ns = start + i * 1'000'000'000LL;
    record.user = i % 2 == 0 ? "alice" : "bob";
    record.revision = "r1";
    record.facts = R"({"query.kind":"delete"})";
    record.decision = &decision;
    record.plan = &plan;
    ids.push_back(record.id);
    REQUIRE(producer.push(record) == Push::Taken);
  }
  REQUIRE(eventually([&] { return lane->counters().decisions == 40; }));
  auto reader = lane->decision_reader().value();
  const auto count = [&](DecisionQuery query) { return reader->search(query).value().size(); };
  CHECK(count({}) == 40);
  CHECK(count({.user = "alice"}) == 20);
  CHECK(count({.user = "mallory"}) == 0);
  CHECK(count({.action = "deny"}) == 10);
  CHECK(count({.user = "bob", .action = "deny"}) == 0);
  CHECK(count({.action = "log"}) == 40);
  CHECK(count({.verdict = "deny"}) == 10);
  CHECK(count({.from_ms = start / 1'000'000 + 10'000, .until_ms = start / 1'000'000 + 20'000}) == 10);
  const auto first = reader->search({.limit = 15}).value();
  REQUIRE(first.size() == 15);
  CHECK(first[0].id == ids.back());
  const auto next = reader->search({.before = first.back().id, .limit = 100}).value();
  CHECK(next.size() == 25);
  CHECK(next[0].id == ids[24]);

  const auto record = reader->find(ids[0]).value();
  REQUIRE(record);
  CHECK(record->actions == std::vector<std::string>{"deny", "log"});
  const auto body = nlohmann::json::parse(record->body);
  CHECK(body["id"] == ids[0].to_text());
  CHECK(body["requests"][0]["policy"] == "p");
  CHECK(body["requests"][0]["parameters"]["message"] == "no");
  CHECK(body["plan"]["verdict"] == "deny");
  CHECK(body["plan"]["decided_by"] == 0);
  CHECK(body["facts"]["query.kind"] == "delete");
  CHECK_FALSE(reader->find(producer.next_id()).value());
}

TEST_CASE("decision records beyond the size or the age go, the oldest first") {
  testing::TemporaryDirectory directory;
  AsyncLaneOptions options = options_in(directory);
  options.ring_bytes = 8 << 20;
  options.decisions.bytes = 256 * 1024;
  auto lane = open_lane(options, {});
  Producer& producer = lane->producer();
  const std::string facts = "{\"x\":\"" + std::string(1000, 'f') + "\"}";
  Id last;
  for (int i = 0; i < 2000; ++i) {
    DecisionRecordView record;
    record.id = last = producer.next_id();
    record.time_ns = kClock.wall_ns();
    record.facts = facts;
    if (producer.push(record) != Push::Taken) break;
    if (i % 100 == 0) std::this_thread::sleep_for(2ms);
  }
  lane->stop(5s);
  auto reader = lane->decision_reader().value();
  CHECK(std::filesystem::file_size(directory / "decisions.db") < 1'500'000);
  const auto kept = reader->search({.limit = 1000}).value();
  CHECK(kept.size() > 50);
  CHECK(kept.size() < 400);
  CHECK(kept[0].id == last);
}

TEST_CASE("pushing allocates nothing in the steady state") {
  testing::TemporaryDirectory directory;
  AsyncLaneOptions options = options_in(directory);
  auto lane = open_lane(options, parts_with([](const Job&, auto&) { return Attempt::done(); }));
  Producer& producer = lane->producer();
  const auto decision = testing::decision_of({R"({"action": "deny", "message": "no"})"});
  const Plan plan = interlock(decision, Hook::TrafficFromClient, {});
  DecisionRecordView record;
  record.decision = &decision;
  record.plan = &plan;
  const auto push_both = [&] {
    record.id = producer.next_id();
    producer.push(record);
    producer.push(probe_job(producer, kClock));
  };
  push_both();
  const std::uint64_t before = allocations().count;
  for (int i = 0; i < 50; ++i) push_both();
  CHECK(allocations().count == before);
}
