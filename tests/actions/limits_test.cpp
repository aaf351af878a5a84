// Rates, windows, concurrency and blocks: pure arithmetic on given times.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <random>
#include <thread>

#include "actions/limits/block_keeper.h"
#include "actions/limits/block_list.h"
#include "actions/limits/limiter.h"
#include "actions/store/block_store.h"
#include "actions/support/temporary_directory.h"

using namespace signalbox;
using namespace signalbox::actions;

namespace {
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'000 * kSecond;
}  // namespace

TEST_CASE("a token bucket admits its burst, then its rate, and says when to come back") {
  TokenBucket bucket;
  const Rate rate{.per_second = 10, .burst = 3};
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(rate, 1, kNow).admitted);
  const RateAnswer refused = bucket.take(rate, 1, kNow);
  CHECK_FALSE(refused.admitted);
  CHECK(refused.wait_ns == Approx(kSecond / 10).margin(2));
  CHECK_FALSE(bucket.take(rate, 1, kNow + refused.wait_ns - 10).admitted);
  CHECK(bucket.take(rate, 1, kNow + refused.wait_ns).admitted);
  CHECK_FALSE(bucket.is_idle(kNow + kSecond / 10));
  CHECK(bucket.is_idle(kNow + kSecond));
  CHECK_FALSE(bucket.take(rate, 4, kNow + 10 * kSecond).admitted);  // more than the bucket ever holds
}

TEST_CASE("a delay is granted up to its bound, and is taken into account for the next") {
  TokenBucket bucket;
  const Rate rate{.per_second = 1, .burst = 1};
  CHECK(bucket.take(rate, 1, kNow, 2 * kSecond).wait_ns == 0);
  CHECK(bucket.take(rate, 1, kNow, 2 * kSecond).wait_ns == Approx(kSecond).margin(2));
  CHECK(bucket.take(rate, 1, kNow, 2 * kSecond).wait_ns == Approx(2 * kSecond).margin(2));
  CHECK_FALSE(bucket.take(rate, 1, kNow, 2 * kSecond).admitted);
}

TEST_CASE("whatever the arrivals, a bucket admits no more than burst + rate x time", "[property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    TokenBucket bucket;
    const Rate rate{.per_second = 1.0 + random() % 1000, .burst = 1.0 + random() % 50};
    std::int64_t now = kNow;
    double admitted = 0;
    for (int i = 0; i < 2000; ++i) {
      now += static_cast<std::int64_t>(random() % 3'000'000);
      admitted += bucket.take(rate, 1, now).admitted ? 1 : 0;
      REQUIRE(admitted <= rate.burst + rate.per_second * static_cast<double>(now - kNow) / 1e9 + 1e-3);
    }
  }
}

TEST_CASE("a sliding window weighs the last one by its overlap") {
  SlidingWindow counter;
  const Window window{.limit = 10, .length_ns = kSecond};
  for (int i = 0; i < 10; ++i) CHECK(counter.take(window, 1, kNow).admitted);
  CHECK_FALSE(counter.take(window, 1, kNow + kSecond / 2).admitted);
  // Half into the next window, half of the last one's ten still count.
  int admitted = 0;
  for (int i = 0; i < 10; ++i)
    admitted += counter.take(window, 1, kNow + kSecond + kSecond / 2).admitted ? 1 : 0;
  CHECK(admitted == 5);
  CHECK(counter.is_idle(window, kNow + 4 * kSecond));
}

TEST_CASE("a refused window says when it will admit", "[property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  SlidingWindow counter;
  const Window window{.limit = 20, .length_ns = kSecond};
  std::int64_t now = kNow;
  for (int i = 0; i < 5000; ++i) {
    const RateAnswer answer = counter.take(window, 1, now);
    if (answer.admitted) {
      now += static_cast<std::int64_t>(random() % 20'000'000);
    } else {
      REQUIRE(answer.wait_ns > 0);
      REQUIRE(answer.wait_ns <= 2 * kSecond);
      now += answer.wait_ns + 1;
      REQUIRE(counter.take(window, 1, now).admitted);
    }
  }
}

TEST_CASE("places are taken up to the limit and given back") {
  Limiter limiter;
  {
    auto a = limiter.enter("user:x", 2);
    auto b = limiter.enter("user:x", 2);
    CHECK(a);
    CHECK(b);
    CHECK_FALSE(limiter.enter("user:x", 2));
    CHECK(limiter.enter("user:y", 2));
    auto moved = std::move(a);
    CHECK(moved);
    CHECK_FALSE(limiter.enter("user:x", 2));
  }
  CHECK(limiter.enter("user:x", 2));
  const auto rows = limiter.list(10);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].key == "user:x");
  CHECK(rows[0].refused == 2);
  CHECK(rows[0].in_flight == 0);
}

TEST_CASE("keys do not disturb each other; a full table shares a bucket and never admits more") {
  Limiter limiter(64);  // one key a shard
  const Rate rate{.per_second = 0.001, .burst = 1};
  int admitted = 0;
  for (int i = 0; i < 1000; ++i)
    admitted += limiter.police("key" + std::to_string(i), rate, 1, kNow).admitted ? 1 : 0;
  CHECK(limiter.keys() <= 64);
  CHECK(admitted <= 128);  // a key and an overflow bucket a shard
  // Keys whose bucket has filled up again make room.
  CHECK(limiter.police("fresh", rate, 1, kNow + 10'000 * kSecond).admitted);
}

TEST_CASE("threads share a limit exactly") {
  Limiter limiter;
  const Rate rate{.per_second = 1e-6, .burst = 1000};
  std::atomic<int> admitted = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) admitted += limiter.police("k", rate, 1, kNow).admitted ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(admitted == 1000);
}

TEST_CASE("addresses and networks are read, canonical, and printed") {
  const auto canonical = [](std::string_view text) {
    const auto network = parse_network(text);
    return network ? to_text(*network) : std::string("none");
  };
  CHECK(canonical("10.1.2.3") == "10.1.2.3");
  CHECK(canonical("10.1.2.3/8") == "10.0.0.0/8");
  CHECK(canonical("10.1.2.3/0") == "0.0.0.0/0");
  CHECK(canonical("::ffff:10.1.2.3") == "10.1.2.3");
  CHECK(canonical("2001:DB8::1/33") == "2001:db8::/33");
  CHECK(canonical("::/0") == "::/0");
  for (const char* bad : {"", "10.1.2", "10.1.2.3/33", "10.1.2.3/", "::1/129", "host", "10.1.2.3/8x"})
    CHECK(canonical(bad) == "none");
}

TEST_CASE("a block holds for its kind, its network and its time") {
  BlockList blocks;
  CHECK(blocks.empty());
  REQUIRE(blocks.add(
      {.kind = BlockKind::Address, .value = "10.0.0.0/8", .until_ns = kNow + kSecond, .reason = "net"}));
  REQUIRE(blocks.add({.kind = BlockKind::Address, .value = "2001:db8::1", .reason = "one"}));
  REQUIRE(blocks.add({.kind = BlockKind::User, .value = "mallory"}));
  CHECK_FALSE(blocks.add({.kind = BlockKind::Address, .value = "nonsense"}));
  const auto reason = [&](std::string_view address, std::string_view user, std::int64_t now = kNow) {
    const auto block = blocks.find(address, user, "", now);
    return block ? block->reason + "!" : std::string("-");
  };
  CHECK(reason("10.9.9.9", "") == "net!");
  CHECK(reason("::ffff:10.9.9.9", "") == "net!");
  CHECK(reason("11.0.0.1", "") == "-");
  CHECK(reason("2001:db8::1", "") == "one!");
  CHECK(reason("2001:db8::2", "") == "-");
  CHECK(reason("11.0.0.1", "mallory") == "!");
  CHECK(reason("10.9.9.9", "", kNow + kSecond) == "-");
  CHECK(blocks.list(kNow).size() == 3);
  CHECK(blocks.expire(kNow + kSecond) == 1);
  CHECK(blocks.lift(BlockKind::User, "mallory"));
  CHECK_FALSE(blocks.lift(BlockKind::User, "mallory"));
  CHECK(reason("11.0.0.1", "mallory") == "-");
}

TEST_CASE("blocks survive a restart, whatever bytes they are made of") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "blocks.db";
  const std::string odd = "f\xff\"";
  ManualClock clock;
  const std::int64_t now = clock.wall_ns();
  {
    BlockList blocks;
    auto keeper = BlockKeeper::open(blocks, path, clock);
    REQUIRE(keeper);
    REQUIRE(blocks.add({.kind = BlockKind::Fingerprint, .value = odd, .reason = "why", .source = "p/r"}));
    REQUIRE(blocks.add({.kind = BlockKind::User, .value = "brief", .until_ns = now + 1}));
    REQUIRE(blocks.add({.kind = BlockKind::Address, .value = "10.0.0.0/8", .until_ns = now + kSecond}));
    REQUIRE(blocks.add({.kind = BlockKind::User, .value = "lifted"}));
    REQUIRE(blocks.lift(BlockKind::User, "lifted"));
  }
  clock.advance(std::chrono::nanoseconds(2));
  BlockList blocks;
  REQUIRE(BlockKeeper::open(blocks, path, clock));
  CHECK(blocks.list(now + 2).size() == 2);
  CHECK(blocks.find("10.1.2.3", "", "", now + 2));
  const auto found = blocks.find("", "", odd, now + 2);
  REQUIRE(found);
  CHECK(found->reason == "why");
  CHECK(found->source == "p/r");
}

TEST_CASE("the store of blocks holds what it has answered for, and writes what has changed") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "blocks.db";
  std::vector<Block> all;
  for (int i = 0; i < 100; ++i)
    all.push_back({.kind = BlockKind::User, .value = "u" + std::to_string(i), .until_ns = i});
  auto store = BlockStore::open(path);
  REQUIRE(store);
  REQUIRE(store->save(all));
  all.erase(all.begin(), all.begin() + 50);
  all.front().until_ns = 7;
  REQUIRE(store->save(all));
  const auto again = BlockStore::open(path);  // beside the first: nothing was closed in good order
  REQUIRE(again);
  auto read = again->blocks();
  std::ranges::sort(read, {}, &Block::value);
  std::ranges::sort(all, {}, &Block::value);
  CHECK(read == all);
}

TEST_CASE("a damaged list of blocks is no empty one") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "blocks.db";
  std::ofstream(path) << std::string(8192, 'x');
  CHECK_FALSE(BlockStore::open(path));
  BlockList blocks;
  ManualClock clock;
  CHECK_FALSE(BlockKeeper::open(blocks, path, clock));
}

TEST_CASE("a full block list drops what ends first") {
  BlockList blocks(2);
  REQUIRE(blocks.add({.kind = BlockKind::User, .value = "for good"}));
  REQUIRE(blocks.add({.kind = BlockKind::User, .value = "short", .until_ns = kNow + 1}));
  REQUIRE(blocks.add({.kind = BlockKind::User, .value = "long", .until_ns = kNow + kSecond}));
  CHECK(blocks.find("", "for good", "", kNow));
  CHECK(blocks.find("", "long", "", kNow));
  CHECK_FALSE(blocks.find("", "short", "", kNow));
}
