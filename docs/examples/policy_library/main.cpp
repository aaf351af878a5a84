// may POLICY.rego QUERY: reads one JSON document a line and prints what the query makes of it.
//
//   $ echo '{"user": "ann"}' | may app.rego data.app.allow
//   true
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "policy/engine.h"
#include "policy/value/json.h"

namespace policy = signalbox::policy;

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: may POLICY.rego QUERY\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});

  // Once, in any thread. The set is immutable; all threads may share it.
  auto set = policy::PolicySet::load({{argv[1], std::move(text)}}, {});
  if (!set) {
    std::fputs(signalbox::to_text(set.error()).c_str(), stderr);  // file:row:col, the line, a hint
    return 1;
  }
  auto query = (*set)->prepare(argv[2]);
  if (!query) {
    std::fputs(signalbox::to_text(query.error()).c_str(), stderr);
    return 1;
  }

  // In each thread one evaluator: it keeps its memory from one evaluation to the next.
  policy::Evaluator evaluator;
  policy::Limits limits;
  limits.time = std::chrono::milliseconds(50);
  for (std::string line; std::getline(std::cin, line);) {
    policy::Arena documents;
    auto document = policy::parse_json(documents, line);
    if (!document) {
      std::printf("no JSON: %s\n", document.error().message.c_str());
      continue;
    }
    policy::JsonInput input(*document, (*set)->input_paths());
    auto value = evaluator.value(**query, input, limits);  // lives until the next evaluation
    if (!value) {
      std::printf("error: %s\n", policy::to_text(value.error()).c_str());
    } else if (!*value) {
      std::puts("undefined");
    } else {
      std::puts(policy::to_json(*value).c_str());
    }
  }
}
