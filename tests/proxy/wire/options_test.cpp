// The startup parameter `options`, as PostgreSQL's pg_split_opts and process_postgres_switches read it.
#include "proxy/wire/options.h"

#include <catch2/catch.hpp>

using namespace signalbox::proxy::wire;

TEST_CASE("switches that set parameters are read") {
  struct Row {
    const char* options;
    NamedValues settings;
  };
  const Row rows[] = {
      {"", {}},
      {"-c work_mem=8MB", {{"work_mem", "8MB"}}},
      {"-cwork_mem=8MB", {{"work_mem", "8MB"}}},
      {"  --search-path=a,b\t-c geqo=off ", {{"search_path", "a,b"}, {"geqo", "off"}}},
      {"-c Search_Path=a\\ b\\\\c", {{"search_path", "a b\\c"}}},
      {"-c a=b=c", {{"a", "b=c"}}},
      {"-c a=", {{"a", ""}}},
  };
  for (const Row& row : rows) {
    INFO(row.options);
    const auto settings = parse_options(row.options);
    REQUIRE(settings);
    CHECK(*settings == row.settings);
    CHECK(parse_options(format_options(*settings)) == settings);
  }
}

TEST_CASE("other switches are not understood") {
  for (const char* options : {"-S 64", "-e", "-c", "-c work_mem", "--", "work_mem=8MB", "-c a=b -B 5"}) {
    INFO(options);
    CHECK_FALSE(parse_options(options));
  }
}
