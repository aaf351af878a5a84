// `test --bench`: every test that passes, measured.
#pragma once

#include <string>

#include "app/cli/verb.h"
#include "policy/testing/suite.h"

namespace signalbox::app::cli {

struct TestBenchOptions {
  std::string format;  ///< pretty, json or gobench
  std::size_t count = 1;
  bool memory = true;
};

Exit bench_tests(policy::testing::Suite& suite, const TestBenchOptions& options);

}  // namespace signalbox::app::cli
