// kill -9 at any instant: nothing accepted is lost, nothing completed runs again. A child process (this
// binary, one hidden test case) runs a lane with an oracle sink; the parent kills it at a random moment,
// again and again, and reads the oracle's log afterwards. SIGNALBOX_CRASH_ROUNDS=1000 makes a long run of it.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "actions/store/segment_log.h"
#include "actions/support/lane_fixture.h"
#include "actions/support/temporary_directory.h"

using namespace signalbox;
using namespace signalbox::actions;
using namespace std::chrono_literals;

namespace {

/// Appends whole lines with one write each: what was written before a kill -9 is there.
class OracleLog {
 public:
  explicit OracleLog(const std::string& path)
      : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  void say(const std::string& line) const {
    const std::string text = line + "\n";
    if (::write(file_.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  }

 private:
  File file_;
};

const SystemClock kClock;

AsyncLaneOptions lane_options(const std::string& directory) {
  AsyncLaneOptions options;
  options.directory = directory + "/lane";
  options.runners = 2;
  options.sink_concurrency = 64;
  options.retry = {.base = 1ms, .cap = 3ms};
  return options;
}

/// Jobs are numbered across boots; each runs as "run N", is reported as "done N"; every third attempt fails
/// first.
LaneParts oracle_parts(const OracleLog& log) {
  return testing::parts_with(
      [&log](const Job& job, auto&) {
        if (job.attempt == 1 && job.id.bytes[15] % 3 == 0) return Attempt::again("try again");
        log.say("run " + job.arguments);
        return Attempt::done(job.arguments);
      },
      [&log](JobResult result) { log.say("done " + result.value); });
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// Starts the hidden test case below as a process of its own.
pid_t start_child(const std::string& directory, int boot) {
  const std::string boot_text = std::to_string(boot);
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setenv("SIGNALBOX_CRASH_DIRECTORY", directory.c_str(), 1);
  ::setenv("SIGNALBOX_CRASH_BOOT", boot_text.c_str(), 1);
  const int null = ::open("/dev/null", O_WRONLY);
  ::dup2(null, STDOUT_FILENO);
  ::execl("/proc/self/exe", "test_actions", "[.crash-child]", nullptr);
  ::_exit(127);
}

struct Verdicts {
  std::map<std::string, int> runs;
  std::set<std::string> done;
  int accepted = 0;  ///< known to be committed, over all boots
  std::set<std::string> must_run;
  int run_after_done = 0;
};

Verdicts read_oracle(const std::string& path) {
  Verdicts verdicts;
  std::ifstream file(path);
  std::string word, argument;
  while (file >> word >> argument) {
    if (word == "run") {
      ++verdicts.runs[argument];
      verdicts.run_after_done += verdicts.done.contains(argument) ? 1 : 0;
    } else if (word == "done") {
      verdicts.done.insert(argument);
    } else if (word ==
               "accepted") {  // "accepted BOOT.COUNT": the first COUNT jobs of that boot are committed
      const std::size_t dot = argument.find('.');
      const int count = std::stoi(argument.substr(dot + 1));
      for (int i = 0; i < count; ++i)
        verdicts.must_run.insert(argument.substr(0, dot + 1) + std::to_string(i));
    }
  }
  return verdicts;
}

bool has_accepted(const std::string& path, int boot) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str().find("accepted " + std::to_string(boot) + ".") != std::string::npos;
}

}  // namespace

TEST_CASE("the process that is killed", "[.crash-child]") {
  const std::string directory = environment("SIGNALBOX_CRASH_DIRECTORY");
  const std::string boot = environment("SIGNALBOX_CRASH_BOOT");
  if (directory.empty()) return;
  const OracleLog log(directory + "/oracle");
  auto lane = AsyncLane::open(lane_options(directory), oracle_parts(log), kClock).value();
  Producer& producer = lane->producer();
  std::uint64_t pushed = 0, announced = 0;
  for (;;) {
    for (int i = 0; i < 20; ++i) {
      const std::string number = boot + "." + std::to_string(pushed);
      JobView job = testing::probe_job(producer, kClock, number, i % 2 == 0 ? "a" : "b");
      job.wants_result = true;
      // A drop would break the numbering: wait instead, as no data path ever would.
      while (producer.push(job) != Push::Taken) std::this_thread::sleep_for(1ms);
      ++pushed;
    }
    if (const std::uint64_t accepted = lane->counters().accepted; accepted != announced) {
      announced = accepted;
      log.say("accepted " + boot + "." + std::to_string(accepted));
    }
    std::this_thread::sleep_for(200us);
  }
}

TEST_CASE("after kill -9 at any instant nothing accepted is lost and nothing completed runs again",
          "[crash]") {
  const std::string rounds_text = environment("SIGNALBOX_CRASH_ROUNDS");
  const int rounds = rounds_text.empty() ? 12 : std::stoi(rounds_text);
  testing::TemporaryDirectory directory;
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  for (int boot = 1; boot <= rounds; ++boot) {
    const pid_t child = start_child(directory.path(), boot);
    REQUIRE(child > 0);
    // Every other one is killed wherever it is, be it while opening; the rest once they have accepted
    // something.
    if (boot % 2 == 0) {
      CHECK(testing::eventually([&] { return has_accepted(directory / "oracle", boot); }, 60s));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 150));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));  // it was alive until then
  }
  {
    const OracleLog log(directory / "oracle");
    auto lane = AsyncLane::open(lane_options(directory.path()), oracle_parts(log), kClock).value();
    REQUIRE(testing::eventually(
        [&] {
          const LaneCounters counters = lane->counters();
          return counters.commits > 0 && counters.pending == 0 && counters.running == 0;
        },
        120s));
    CHECK(lane->counters().dead_letters == 0);
    lane->stop(5s);
  }
  const Verdicts verdicts = read_oracle(directory / "oracle");
  std::size_t lost = 0;
  for (const auto& job : verdicts.must_run) lost += verdicts.runs.contains(job) ? 0 : 1;
  INFO("accepted " << verdicts.must_run.size() << ", run " << verdicts.runs.size());
  CHECK(verdicts.must_run.size() > 0);
  CHECK(lost == 0);
  CHECK(verdicts.run_after_done == 0);
}
