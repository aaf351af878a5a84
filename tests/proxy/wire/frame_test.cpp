// Headers: which types exist, which lengths they may have, and that chunking changes nothing.
#include "proxy/wire/frame.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace signalbox;
using namespace signalbox::proxy::wire;

namespace {

std::string header(char type, std::uint32_t length) {
  std::string bytes(1, type);
  append_be(bytes, length);
  return bytes;
}

/// Walks frames as the relay does, given at most `step` bytes more each time.
std::vector<std::string> walk(Sender sender, const std::string& stream, std::mt19937& random) {
  std::vector<std::string> frames;
  std::string pending;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t step = std::uniform_int_distribution<std::size_t>(1, 9)(random);
    pending += stream.substr(at, step);
    at += step;
    FrameHeader found;
    while (read_header(sender, pending, found) == HeaderStatus::Complete && pending.size() >= found.size()) {
      frames.push_back(pending.substr(0, found.size()));
      pending.erase(0, found.size());
    }
  }
  CHECK(pending.empty());
  return frames;
}

}  // namespace

TEST_CASE("a header needs five bytes, and an unknown type is known from the first") {
  FrameHeader found;
  const std::string query = header('Q', 10);
  for (std::size_t n = 0; n < kHeaderBytes; ++n) {
    CHECK(read_header(Sender::Client, query.substr(0, n), found) == HeaderStatus::Incomplete);
  }
  REQUIRE(read_header(Sender::Client, query, found) == HeaderStatus::Complete);
  CHECK(found.type == 'Q');
  CHECK(found.size() == 11);
  CHECK(read_header(Sender::Client, "z", found) == HeaderStatus::UnknownType);
}

TEST_CASE("lengths that no message may have are refused") {
  FrameHeader found;
  for (const char type : std::string("QPBFdCDEHSXcf")) {
    for (const std::uint32_t length : {0u, 1u, 2u, 3u, 0x7fff'ffffu, 0x8000'0000u, 0xffff'ffffu}) {
      INFO(type << ' ' << length);
      CHECK(read_header(Sender::Client, header(type, length), found) == HeaderStatus::InvalidLength);
    }
    CHECK(read_header(Sender::Client, header(type, 4), found) == HeaderStatus::Complete);
  }
  // PostgreSQL's PQ_SMALL_MESSAGE_LIMIT and MaxAllocSize - 1
  CHECK(read_header(Sender::Client, header('E', 10'000), found) == HeaderStatus::Complete);
  CHECK(read_header(Sender::Client, header('E', 10'001), found) == HeaderStatus::InvalidLength);
  CHECK(read_header(Sender::Client, header('Q', 0x3fff'fffe), found) == HeaderStatus::Complete);
  CHECK(read_header(Sender::Client, header('Q', 0x3fff'ffff), found) == HeaderStatus::InvalidLength);
}

TEST_CASE("each side has its own messages") {
  for (const char type : std::string("ZRKT1n")) CHECK(longest(Sender::Client, type) == 0);
  for (const char type : std::string("QPBXp")) CHECK(longest(Sender::Server, type) == 0);
  CHECK(longest(Sender::Client, 'p') == 0);  // passwords belong to the login
}

TEST_CASE("frames are the same under any chunking") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::string types = "QPBEDCSHdcf";
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> sent;
    std::string stream;
    for (int i = 0; i < 20; ++i) {
      std::string frame;
      FrameBuilder(frame, types[random() % types.size()])
          .bytes(std::string(random() % 60, static_cast<char>(random())));
      sent.push_back(frame);
      stream += frame;
    }
    CHECK(walk(Sender::Client, stream, random) == sent);
  }
}

TEST_CASE("a body is read inside its bounds, and a failure stays") {
  BodyReader reader(std::string_view("ab\0\0\1xy", 7));
  CHECK(reader.text() == "ab");
  CHECK(reader.integer<std::uint16_t>() == 1);
  CHECK(reader.bytes(2) == "xy");
  CHECK(reader.at_end());
  CHECK(reader.text().empty());
  CHECK_FALSE(reader.ok());
  CHECK(reader.bytes(0).empty());
  CHECK_FALSE(reader.ok());
}
