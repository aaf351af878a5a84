#include "actions/lanes/ring.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <thread>

using namespace signalbox::actions;

namespace {

bool push(Ring& ring, std::string_view record, std::size_t keep_free = 0) {
  char* at = ring.reserve(record.size(), keep_free);
  if (at == nullptr) return false;
  std::memcpy(at, record.data(), record.size());
  ring.publish();
  return true;
}

}  // namespace

TEST_CASE("a ring gives back what was pushed, in order, and is then empty") {
  Ring ring(4096);
  CHECK(ring.read().empty());
  CHECK(push(ring, "one"));
  CHECK(push(ring, "two two"));
  CHECK(ring.read() == "one");
  CHECK(ring.read() == "two two");
  CHECK(ring.read().empty());
  ring.release();
  CHECK(ring.used() == 0);
}

TEST_CASE("what is not released can be read again and still takes room") {
  Ring ring(4096);
  const std::string record(1000, 'x');
  REQUIRE(push(ring, record));
  REQUIRE(push(ring, record));
  REQUIRE(push(ring, record));
  CHECK(ring.read().size() == 1000);
  CHECK_FALSE(push(ring, record + record));
  ring.rewind();
  for (int i = 0; i < 3; ++i) CHECK(ring.read() == record);
  ring.release();
  CHECK(push(ring, record));
}

TEST_CASE("a full ring refuses, a reserve stays free for those who may use it") {
  Ring ring(4096);
  const std::string record(500, 'x');
  while (push(ring, record, 1024)) {
  }
  CHECK(ring.used() + 1024 + 512 > ring.capacity() - 8);
  CHECK(push(ring, record));
  while (push(ring, record)) {
  }
  CHECK_FALSE(push(ring, "x" + record));
}

TEST_CASE("records larger than a quarter of the ring, and empty ones, are refused") {
  Ring ring(4096);
  CHECK_FALSE(push(ring, std::string(1025, 'x')));
  CHECK_FALSE(push(ring, ""));
  CHECK(push(ring, std::string(1024, 'x')));
}

TEST_CASE("two threads pass a million records of any size through a small ring", "[property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  constexpr std::uint32_t kRecords = 300'000;
  Ring ring(1 << 14);
  std::thread producer([&] {
    std::minstd_rand random(seed);
    for (std::uint32_t i = 0; i < kRecords; ++i) {
      const std::size_t size = 4 + random() % 300;
      char* at;
      while ((at = ring.reserve(size)) == nullptr) std::this_thread::yield();
      std::memset(at, static_cast<int>(i & 0x7f), size);
      std::memcpy(at, &i, sizeof i);
      ring.publish();
    }
  });
  std::minstd_rand random(seed);
  std::uint32_t next = 0;
  bool intact = true;
  while (next < kRecords) {
    const std::string_view record = ring.read();
    if (record.empty()) {
      ring.release();
      std::this_thread::yield();
      continue;
    }
    std::uint32_t number;
    std::memcpy(&number, record.data(), sizeof number);
    intact = intact && number == next && record.size() == 4 + random() % 300 &&
             (record.size() == 4 || record.back() == static_cast<char>(next & 0x7f));
    ++next;
    if (next % 7 == 0) ring.release();
  }
  producer.join();
  CHECK(intact);
}
