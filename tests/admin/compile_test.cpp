// The compile API beside the real OPA's, over the same files and requests.
#include <httplib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>

#include "admin/support/opa_process.h"
#include "admin/support/stage.h"

using namespace signalbox;
using namespace signalbox::admin;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kRules = R"(package app

default open := false

open if input.subject.clearance > 3

allow if {
	input.method == "GET"
	data.posts[input.id].author == input.subject.user
}

allow if input.subject.role in data.admins

names contains name if {
	some post in data.posts
	post.public
	name := post.name
}

default level := 1

level := 2 if input.clearance > 2

noisy if input.noise > 3

noisy if input.loud

quiet if not noisy

strict if {
	input.a == 1
	not input.b == 2
	input.c in ["x", "y"]
}

total if count(input.items) + 1 > data.posts["1"].author_count

total if count(input.items) + 1 == 4

default limit(_) := 3

limit(n) := 1 if n > 10

every_one if every x in input.xs { x > 1 }

kind := "a" if { input.k == 1 } else := "b"

rows contains row if {
	some row in data.rows
	row.owner == input.subject.user
	not row.hidden
}
)";

constexpr std::string_view kData =
    R"({"admins": ["root", "ops"], "posts": {"1": {"author": "bob", "public": true, "name": "one"}}})";

struct Server {
  fs::path path = [] {
    std::string pattern = (fs::temp_directory_path() / "sb-compile-XXXXXX").string();
    return fs::path(::mkdtemp(pattern.data()));
  }();
  Server() {
    std::ofstream(path / "app.rego") << kRules;
    std::ofstream(path / "data.json") << kData;
  }
  ~Server() { fs::remove_all(path); }
};

const char* const kRequests[] = {
    R"({"query": "data.app.allow == true", "input": {"method": "GET", "id": "1"}, "unknowns": ["input.subject"]})",
    R"({"query": "data.app.allow == true", "input": {"method": "POST", "id": "1"}, "unknowns": ["input.subject"]})",
    R"({"query": "data.app.allow == true", "unknowns": ["data.posts"], "input": {"method": "GET", "id": "1", "subject": {"user": "ann"}}})",
    R"({"query": "data.app.names[x]"})",
    R"({"query": "input.x > 1; input.x < 5"})",
    R"({"query": "1 == 1"})",
    R"({"query": "1 == 2"})",
    R"({"query": "data.app.rows[x]", "unknowns": ["data.rows"], "input": {"subject": {"user": "ann"}}})",
    R"({"query": "input.x = data.admins[i]", "unknowns": ["input"]})",
    R"({"query": "input.x", "unknowns": [], "input": {"x": 7}})",
    R"({"query": "input.x"})",
    R"({"query": "not input.x"})",
    R"({"query": "input.a = 1; input.b = 2", "input": {"a": 1}, "unknowns": ["input.b"]})",
    R"({"query": "data.app.open == true"})",
    R"_({"query": "startswith(input.name, \"a\"); contains(input.name, \"b\")"})_",
    R"({"query": "data.app.open"})",
    R"({"query": "data.app.level = x"})",
    R"({"query": "data.app.quiet == true"})",
    R"({"query": "data.app.strict == true"})",
    R"({"query": "data.app.total == true"})",
    R"({"query": "data.app.limit(input.n) == 3"})",
    R"({"query": "data.app.every_one == true"})",
    R"({"query": "data.app.quiet == true", "options": {"disableInlining": ["data.app.noisy"]}})",
    R"_({"query": "time.now_ns() > input.t"})_",
    R"({"query": "data.app.quiet == true", "input": {"noise": 1}})",
    R"({"query": "data.app.kind == \"b\""})",
};

const char* const kRefused[] = {
    "{",
    "{}",
    R"({"query": ""})",
    R"({"query": "x"})",
    R"({"query": "x ="})",
    R"({"query": "input.x", "unknowns": "input"})",
    R"({"query": "input.x", "unknowns": ["x y"]})",
    R"({"query": 7})",
    R"({"query": "input.x", "options": 7})",
    R"_({"query": "http.send({})"})_",
    R"_({"query": "foo(1)"})_",
    "[]",
    "",
};

/// Support rules of negations and generated variables are numbered otherwise, and OPA's order of queries is
/// that in which its index holds the rules.
json comparable(int status, const std::string& body) {
  static const std::regex kNot("__not[0-9_]+__"), kLocal("__local[0-9]+__[0-9]*");
  const std::string text = std::regex_replace(std::regex_replace(body, kNot, "__not__"), kLocal, "__local__");
  json out = body.empty() ? json() : json::parse(text);
  if (status != 200 && out.contains("code")) out = json{{"code", out["code"]}};
  if (status == 200 && out["result"].contains("queries")) {
    json& queries = out["result"]["queries"];
    std::sort(queries.begin(), queries.end());
  }
  return {{"status", status}, {"body", out}};
}

}  // namespace

TEST_CASE("the compile API beside OPA's") {
  if (opa_program().empty()) return std::puts("skipped: the program opa is absent"), void();
  const Server files;
  const auto opa = OpaProcess::start({files.path.string()});
  REQUIRE(opa);
  httplib::Client http("127.0.0.1", opa->port());
  const Stage stage({{"app.rego", std::string(kRules)}, {"data.json", std::string(kData)}});
  const auto compare = [&](const char* request) {
    INFO(request);
    const auto theirs = http.Post("/v1/compile", request, "application/json");
    const auto ours = stage.post("/v1/compile", request);
    REQUIRE(theirs);
    CHECK(comparable(ours.status, ours.body) == comparable(theirs->status, theirs->body));
  };
  for (const char* request : kRequests) compare(request);
  for (const char* request : kRefused) compare(request);
}

TEST_CASE("the compile API: support modules, options") {
  const Stage stage({{"app.rego", std::string(kRules)}, {"data.json", std::string(kData)}});
  const auto result = [&](const char* request, const char* target = "/v1/compile") {
    const Response response = stage.post(target, request);
    CHECK(response.status == 200);
    return json::parse(response.body);
  };
  const json plain = result(R"({"query": "data.app.quiet == true"})")["result"];
  CHECK(plain["support"][0]["package"]["path"][1]["value"] == "partial");
  const json inlined = result(R"({"query": "data.app.noisy == true"})")["result"];
  CHECK(inlined["queries"].size() == 2);
  CHECK_FALSE(inlined.contains("support"));
  const json kept = result(
      R"({"query": "data.app.noisy == true", "options": {"disableInlining": ["data.app.noisy"]}})")["result"];
  CHECK(kept["queries"].size() == 1);
  CHECK(kept["support"][0]["rules"].size() == 2);
  CHECK(result(R"({"query": "1 == 1"})", "/v1/compile?metrics")["metrics"]["timer_rego_partial_eval_ns"]
            .is_number());
}
