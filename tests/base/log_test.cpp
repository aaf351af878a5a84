#include "base/log.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

using namespace signalbox;

namespace {
constexpr std::int64_t kTime = 1'732'276'802'123'456'789;  // 2024-11-22T12:00:02.123456789Z

std::string text(std::string_view message, log::Fields fields = {}) {
  return log::render(log::Format::Text, log::Level::Info, kTime, message, fields);
}
std::string json(std::string_view message, log::Fields fields = {}) {
  return log::render(log::Format::Json, log::Level::Warn, kTime, message, fields);
}
}  // namespace

TEST_CASE("a text line: time, level, message, fields") {
  CHECK(text("listening", {{"address", "127.0.0.1:6432"}, {"threads", 2}, {"tls", false}}) ==
        "2024-11-22T12:00:02.123456Z info  listening address=127.0.0.1:6432 threads=2 tls=false");
}

TEST_CASE("a JSON line") {
  CHECK(
      json("refused", {{"user", "a\"b"}, {"ratio", 0.5}, {"port", 65535u}}) ==
      R"({"time":"2024-11-22T12:00:02.123456Z","level":"warn","msg":"refused","user":"a\"b","ratio":0.5,"port":65535})");
}

TEST_CASE("a client cannot forge a line, a field or a terminal sequence") {
  CHECK(text("login", {{"user", "x\n2024 info forged user=root"}}) ==
        "2024-11-22T12:00:02.123456Z info  login user=\"x\\n2024 info forged user=root\"");
  CHECK(text("login", {{"user", "x admin=true"}}).ends_with("user=\"x admin=true\""));
  CHECK(text("login", {{"user", "\x1b[31m\r\x7f"}}).ends_with(R"(user="\u001b[31m\u000d\u007f")"));
  CHECK(text("login", {{"user", "a\u0085b\u2028c"}}).ends_with(R"(user="a\u0085b\u2028c")"));
}

TEST_CASE("bytes that are not UTF-8 become the replacement character, valid UTF-8 stays") {
  CHECK(json("m", {{"v", "gr\u00fc\u00df \U0001F600"}}).ends_with("\"v\":\"gr\u00fc\u00df \U0001F600\"}"));
  CHECK(json("m", {{"v", "\xff\xc0\x80"}}).ends_with(R"("v":"\ufffd\ufffd\ufffd"})"));
  CHECK(json("m", {{"v", "\xed\xa0\x80"}}).ends_with(R"("v":"\ufffd\ufffd\ufffd"})"));
  CHECK(json("m", {{"v", "\xe2\x82"}}).ends_with(R"("v":"\ufffd\ufffd"})"));
}

TEST_CASE("a file gets every line of an asynchronous log, after flush") {
  const std::string path = std::tmpnam(nullptr);
  REQUIRE(log::open({log::Level::Info, log::Format::Text, path, true}));
  for (int i = 0; i < 100; ++i) log::info("line", {{"n", i}});
  log::debug("below the level");
  log::flush();
  REQUIRE(log::open({}));
  std::ifstream in(path);
  const std::string all((std::istreambuf_iterator<char>(in)), {});
  CHECK(std::count(all.begin(), all.end(), '\n') == 100);
  CHECK(all.find("n=99") != std::string::npos);
  std::remove(path.c_str());
}

TEST_CASE("a log file that cannot be opened is an error, and the old destination stays") {
  const auto opened = log::open({log::Level::Info, log::Format::Text, "/proc/no/such/file", false});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("/proc/no/such/file") != std::string::npos);
}

TEST_CASE("lines that cannot be written are counted") {
  const std::uint64_t before = log::dropped();
  REQUIRE(log::open({.output = "/dev/full", .asynchronous = true}));
  for (int i = 0; i < 3; ++i) log::info("lost");
  log::flush();
  CHECK(log::dropped() == before + 3);
  REQUIRE(log::open({}));
}
