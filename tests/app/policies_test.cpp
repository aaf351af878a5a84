#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "app/policies/directory.h"
#include "app/policies/watch.h"

using namespace signalbox;
using namespace signalbox::app;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct Directory {
  fs::path path = [] {
    std::string pattern = (fs::temp_directory_path() / "sb-policies-XXXXXX").string();
    return fs::path(::mkdtemp(pattern.data()));
  }();
  ~Directory() { fs::remove_all(path); }
  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
  }
};

std::vector<std::string> names(const std::vector<policy::SourceFile>& files) {
  std::vector<std::string> out;
  for (const auto& file : files) out.push_back(file.path);
  return out;
}

bool within(std::chrono::milliseconds limit, const auto& condition) {
  for (const auto end = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return condition();
}

}  // namespace

TEST_CASE("a policy directory: what belongs, sorted, without tests and hidden files") {
  const Directory d;
  for (const char* name : {"b.rego", "a.policy.yaml", "sub/data.json", "a_test.rego", ".hidden.rego",
                           "README.md", ".git/x.rego", "notes.yaml", "data.yaml"}) {
    d.write(name, name);
  }
  const auto files = read_directory(d.path);
  REQUIRE(files);
  CHECK(names(*files) == std::vector<std::string>{"a.policy.yaml", "b.rego", "data.yaml", "sub/data.json"});
  CHECK(files->front().text == "a.policy.yaml");
}

TEST_CASE("files that Kubernetes mounts through hidden symbolic links are found") {
  const Directory d;
  d.write("..2026/p.rego", "package p");
  fs::create_directory_symlink("..2026", d.path / "..data");
  fs::create_symlink("..data/p.rego", d.path / "p.rego");
  const auto files = read_directory(d.path);
  REQUIRE(files);
  CHECK(names(*files) == std::vector<std::string>{"p.rego"});
}

TEST_CASE("a directory that is not there is a diagnostic") {
  const auto files = read_directory("/no/such/directory");
  REQUIRE_FALSE(files);
  CHECK(files.error().front().at.file == "/no/such/directory");
}

TEST_CASE("the watch calls once for a burst, and sees files in directories made later") {
  const Directory d;
  std::atomic<int> calls = 0;
  const auto watch = DirectoryWatch::open(d.path, 50ms, [&] { ++calls; });
  REQUIRE(watch);
  for (int i = 0; i < 20; ++i) d.write("p" + std::to_string(i) + ".rego", "x");
  REQUIRE(within(2s, [&] { return calls == 1; }));
  std::this_thread::sleep_for(200ms);
  CHECK(calls == 1);

  fs::create_directory(d.path / "sub");
  REQUIRE(within(2s, [&] { return calls == 2; }));
  d.write("sub/q.rego", "x");
  REQUIRE(within(2s, [&] { return calls == 3; }));
  fs::rename(d.path / "sub/q.rego", d.path / "sub/r.rego");
  REQUIRE(within(2s, [&] { return calls == 4; }));
  fs::remove(d.path / "sub/r.rego");
  CHECK(within(2s, [&] { return calls == 5; }));
}

TEST_CASE("the watch survives the directory's removal") {
  const Directory d;
  std::atomic<int> calls = 0;
  const auto watch = DirectoryWatch::open(d.path, 20ms, [&] { ++calls; });
  REQUIRE(watch);
  fs::remove_all(d.path);
  REQUIRE(within(2s, [&] { return calls >= 1; }));
  const int before = calls;
  d.write("p.rego", "x");
  CHECK(within(4s, [&] { return calls > before; }));
}

TEST_CASE("the watch follows the directory's name: moved away and back, or a link to another") {
  const Directory d;
  fs::create_directories(d.path / "one");
  fs::create_directories(d.path / "two");
  fs::create_directory_symlink("one", d.path / "link");
  for (const char* watched : {"one", "link", "link/"}) {
    INFO(watched);
    std::atomic<int> calls = 0;
    const auto watch = DirectoryWatch::open(d.path / watched, 20ms, [&] { ++calls; });
    REQUIRE(watch);
    const auto called = [&](const auto& change) {
      std::this_thread::sleep_for(100ms);  // what came before has been told
      const int before = calls;
      change();
      return within(4s, [&] { return calls > before; });
    };
    CHECK(called([&] { fs::rename(d.path / "one", d.path / "away"); }));
    CHECK(called([&] { fs::rename(d.path / "away", d.path / "one"); }));
    if (std::string(watched) != "one") {
      fs::create_directory_symlink("two", d.path / "new");
      CHECK(called([&] { fs::rename(d.path / "new", d.path / "link"); }));
      CHECK(called([&] { d.write("two/p.rego", "x"); }));
      fs::create_directory_symlink("one", d.path / "new");
      CHECK(called([&] { fs::rename(d.path / "new", d.path / "link"); }));
    }
    CHECK(called([&] { d.write("one/p.rego", "y"); }));
    std::this_thread::sleep_for(100ms);
    const int before = calls;
    d.write("beside.rego", "x");
    std::this_thread::sleep_for(200ms);
    CHECK(calls == before);
  }
}
