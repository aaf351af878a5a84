// How fast is the async lane? Enqueue latency as the data path sees it, whole life cycles a second through
// the embedded queue, the interlock, and decision records. Prints one line a figure. Usage: bench_lanes
// [DIRECTORY]
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "actions/interlock.h"
#include "actions/lanes/async_lane.h"
#include "policy/decision.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::actions;
using Steady = std::chrono::steady_clock;

namespace {

const SystemClock kClock;

class Nothing final : public JobHandler {
 public:
  std::string_view action() const override { return "nothing"; }
  Attempt run(const Job&, const std::stop_token&) override { return Attempt::done(); }
};

/// Processor time of the whole process: what a busy machine does not blur.
double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// "N things/s, M a second of processor time".
void report_rate(std::string_view what, std::string_view things, double count, double seconds, double cpu) {
  fmt::print("{:<44} {:>9.0f} {}/s  {:>9.0f} {}/s of processor time\n", what, count / seconds, things,
             count / cpu, things);
}

double seconds_since(Steady::time_point begun) {
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

AsyncLaneOptions lane_options(const std::string& directory) {
  AsyncLaneOptions options;
  options.directory = directory;
  options.ring_bytes = 16u << 20;
  options.runners = 2;
  options.sink_concurrency = 100'000;
  return options;
}

std::unique_ptr<AsyncLane> open_lane(const std::string& directory) {
  std::filesystem::remove_all(directory);
  LaneParts parts;
  parts.handlers.push_back(std::make_unique<Nothing>());
  auto lane = AsyncLane::open(lane_options(directory), std::move(parts), kClock);
  if (!lane) {
    fmt::print(stderr, "{}\n", lane.error().message);
    std::exit(1);
  }
  return std::move(*lane);
}

JobView job_of(Producer& producer, std::string_view arguments) {
  JobView job;
  job.id = producer.next_id();
  job.action = "nothing";
  job.sink = "https://hooks.example";
  job.arguments = arguments;
  job.created_ns = kClock.wall_ns();
  return job;
}

struct Quantiles {
  double p50, p99, p999, max;
};

Quantiles quantiles(std::vector<double>& nanoseconds) {
  std::ranges::sort(nanoseconds);
  const auto at = [&](double q) {
    return nanoseconds[static_cast<std::size_t>(q * static_cast<double>(nanoseconds.size() - 1))];
  };
  return {at(0.5), at(0.99), at(0.999), nanoseconds.back()};
}

void report(std::string_view what, std::vector<double>& nanoseconds) {
  const Quantiles q = quantiles(nanoseconds);
  fmt::print("{:<44} p50 {:>7.0f} ns  p99 {:>7.0f} ns  p99.9 {:>8.0f} ns  max {:>9.0f} ns\n", what, q.p50,
             q.p99, q.p999, q.max);
}

/// Pushes at a steady rate, timing each push by itself; the clock's own cost is measured and shown.
void enqueue_latency(const std::string& directory, std::size_t bytes, double per_second) {
  auto lane = open_lane(directory);
  Producer& producer = lane->producer();
  const std::string arguments(bytes, 'x');
  constexpr int kPushes = 100'000;
  std::vector<double> took;
  took.reserve(kPushes);
  const auto begun = Steady::now();
  for (int i = 0; i < kPushes; ++i) {
    while (seconds_since(begun) < i / per_second) {
    }
    const JobView job = job_of(producer, arguments);
    const auto before = Steady::now();
    producer.push(job);
    took.push_back(std::chrono::duration<double, std::nano>(Steady::now() - before).count());
  }
  report(fmt::format("push of {} bytes at {:.0f}/s", bytes, per_second), took);
}

void clock_cost() {
  std::vector<double> took(100'000);
  for (double& t : took) {
    const auto before = Steady::now();
    t = std::chrono::duration<double, std::nano>(Steady::now() - before).count();
  }
  report("(the clock itself)", took);
}

void life_cycles(const std::string& directory, std::size_t bytes, Durability durability) {
  auto lane = open_lane(directory);
  Producer& producer = lane->producer();
  const std::string arguments(bytes, 'x');
  constexpr std::uint64_t kJobs = 300'000;
  const double cpu = cpu_seconds();
  const auto begun = Steady::now();
  for (std::uint64_t pushed = 0; pushed < kJobs;) {
    JobView job = job_of(producer, arguments);
    job.durability = durability;
    if (producer.push(job) == Push::Taken) {
      ++pushed;
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  while (lane->counters().completed < kJobs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  report_rate(fmt::format("whole life cycle, {} bytes, {}", bytes,
                          durability == Durability::Power ? "power" : "process"),
              "jobs", static_cast<double>(kJobs), seconds_since(begun), cpu_seconds() - cpu);
}

void streams(const std::string& directory) {
  auto lane = open_lane(directory);
  Producer& producer = lane->producer();
  const std::string arguments = R"({"level":"info","message":")" + std::string(200, 'x') + "\"}";
  constexpr std::uint64_t kLines = 500'000;
  const double cpu = cpu_seconds();
  const auto begun = Steady::now();
  for (std::uint64_t pushed = 0; pushed < kLines;) {
    JobView job = job_of(producer, arguments);
    job.action = "log";
    if (producer.push(job) == Push::Taken) {
      ++pushed;
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  while (lane->counters().accepted < kLines) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  report_rate("audit lines into the segment log", "lines", static_cast<double>(kLines), seconds_since(begun),
              cpu_seconds() - cpu);
}

policy::Decision sample_decision() {
  policy::Decision decision;
  decision.memory = std::make_shared<policy::Arena>();
  const char* parameters[] = {R"({"message":"not allowed here","sqlstate":"42501"})",
                              R"({"message":"unbounded write"})"};
  const char* names[] = {"deny", "log"};
  for (int i = 0; i < 2; ++i) {
    policy::ActionRequest request;
    request.action = names[i];
    request.policy = "protect_customers";
    request.rule = "unbounded write";
    request.parameters = policy::parse_json(*decision.memory, parameters[i]).value();
    decision.actions.push_back(request);
  }
  return decision;
}

void interlock_cost() {
  const policy::Decision decision = sample_decision();
  const policy::Decision nothing;
  Plan plan;
  for (const auto& [what, d] :
       {std::pair("interlock: nothing asked", &nothing), std::pair("interlock: deny and log", &decision)}) {
    constexpr int kRounds = 1'000'000;
    const double cpu = cpu_seconds();
    for (int i = 0; i < kRounds; ++i) interlock(*d, Hook::TrafficFromClient, {}, plan);
    fmt::print("{:<44} {:>7.0f} ns of processor time\n", what, (cpu_seconds() - cpu) / kRounds * 1e9);
  }
}

void decision_records(const std::string& directory) {
  auto lane = open_lane(directory);
  Producer& producer = lane->producer();
  const policy::Decision decision = sample_decision();
  const Plan plan = interlock(decision, Hook::TrafficFromClient, {});
  DecisionRecordView record;
  record.user = "app", record.database = "shop", record.client = "10.0.0.1:5000",
  record.revision = "4f1c2d3e";
  record.facts = R"({"query.kind":"delete","query.has_where":false})";
  record.decision = &decision, record.plan = &plan;
  constexpr std::uint64_t kRecords = 200'000;
  std::vector<double> took;
  took.reserve(kRecords);
  const double cpu = cpu_seconds();
  const auto begun = Steady::now();
  for (std::uint64_t pushed = 0; pushed < kRecords;) {
    record.id = producer.next_id();
    record.time_ns = kClock.wall_ns();
    const auto before = Steady::now();
    const Push push = producer.push(record);
    if (push == Push::Taken) {
      took.push_back(std::chrono::duration<double, std::nano>(Steady::now() - before).count());
      ++pushed;
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  while (lane->counters().decisions < kRecords) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const double seconds = seconds_since(begun), used = cpu_seconds() - cpu;
  report("decision record, made and pushed", took);
  report_rate("decision records stored and indexed", "records", static_cast<double>(kRecords), seconds, used);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string directory =
      argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "signalbox-bench-lanes").string();
  clock_cost();
  enqueue_latency(directory, 300, 20'000);
  enqueue_latency(directory, 300, 200'000);
  enqueue_latency(directory, 2000, 20'000);
  life_cycles(directory, 300, Durability::Process);
  life_cycles(directory, 300, Durability::Power);
  streams(directory);
  interlock_cost();
  decision_records(directory);
  std::filesystem::remove_all(directory);
  return 0;
}
