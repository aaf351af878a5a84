// A decision's cost: one policy, one input, prepared. tests/bench/peers does the same with other engines.
//
//   bench_policy POLICY DATA INPUT QUERY
//
// Prints {"result": ..., "load_seconds": ..., and more} when it is ready: heap allocations of a decision when
// warm, size of the data as text and in memory; then, for each line SECONDS on standard input, the
// nanoseconds of a decision over at least that time.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "base/allocations.h"
#include "policy/data/base_document.h"
#include "policy/engine.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::policy;
using Clock = std::chrono::steady_clock;

namespace {

std::string read(const char* path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// Nanoseconds of one call, over at least `seconds`.
template <class Call>
double nanoseconds(double seconds, Call&& call) {
  std::size_t calls = 0;
  const auto began = Clock::now();
  do {
    for (int i = 0; i < 64; ++i) call();
    calls += 64;
  } while (seconds_since(began) < seconds);
  return seconds_since(began) * 1e9 / static_cast<double>(calls);
}

std::size_t bytes_of_data(const std::string& text) {
  Diagnostics errors;
  const DataFile file{"data.json", text};
  return read_base_documents({&file, 1}, nullptr, errors).bytes();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return std::fprintf(stderr, "bench_policy POLICY DATA INPUT QUERY\n"), 2;
  const std::string policy = read(arguments[1]), data = read(arguments[2]), input_text = read(arguments[3]);
  const auto began = Clock::now();
  const auto set = PolicySet::load({{"policy.rego", policy}, {"data.json", data}}, {}, {});
  const double load_seconds = seconds_since(began);
  if (!set) return std::fprintf(stderr, "%s\n", to_text(set.error()).c_str()), 1;
  const auto query = (*set)->prepare(arguments[4]);
  if (!query) return std::fprintf(stderr, "%s\n", to_text(query.error()).c_str()), 1;
  Arena arena;
  const auto document = parse_json(arena, input_text);
  if (!document) return std::fprintf(stderr, "input: %s\n", document.error().message.c_str()), 1;
  const JsonInput input(*document, (*set)->input_paths());
  Evaluator evaluator;
  const auto decide = [&] {
    const auto value = evaluator.value(**query, input, {});
    if (!value) std::exit((std::fprintf(stderr, "%s\n", value.error().message.c_str()), 1));
    return *value;
  };
  for (int i = 0; i < 32; ++i) decide();
  const std::uint64_t before = allocations().count;
  for (int i = 0; i < 100; ++i) decide();
  const double each = static_cast<double>(allocations().count - before) / 100;
  const std::string result = decide() ? to_json(decide()) : "null";
  std::printf(
      "{\"result\": %s, \"allocations\": %.2f, \"load_seconds\": %.6f, \"data_bytes\": %zu, "
      "\"data_json_bytes\": %zu}\n",
      result.c_str(), each, load_seconds, bytes_of_data(data), data.size());
  std::fflush(stdout);
  for (double seconds = 0; std::scanf("%lf", &seconds) == 1; std::fflush(stdout)) {
    std::printf("%.1f\n", nanoseconds(seconds, decide));
  }
  return 0;
}
