// The segment log: order, rotation, torn tails cut at every byte, damage, readers that follow, cursors.
#include "actions/store/segment_log.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "actions/store/crc32c.h"
#include "actions/support/temporary_directory.h"

using namespace signalbox;
using namespace signalbox::actions;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::string> read_all(const std::string& directory, std::uint64_t from = 1) {
  std::vector<std::string> records;
  LogReader reader(directory, from);
  for (;;) {
    const auto record = reader.next();
    REQUIRE(record);
    if (record->sequence == 0) return records;
    records.emplace_back(record->payload);
  }
}

fs::path only_segment(const std::string& directory) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(directory)) paths.push_back(entry.path());
  REQUIRE(paths.size() == 1);
  return paths[0];
}

}  // namespace

TEST_CASE("CRC-32C: the values of RFC 3720, appendix B.4, from both implementations") {
  const std::string zeros(32, '\0'), ones(32, '\xff');
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  for (auto* crc : {&crc32c, &crc32c_table}) {
    CHECK(crc(zeros, 0) == 0x8a9136aa);
    CHECK(crc(ones, 0) == 0x62a8ab43);
    CHECK(crc(ascending, 0) == 0x46dd794e);
    CHECK(crc("123456789", 0) == 0xe3069283);
    CHECK(crc("6789", crc("12345", 0)) == 0xe3069283);
  }
}

TEST_CASE("records come back in order, numbered from 1, also after reopening") {
  testing::TemporaryDirectory directory;
  {
    auto log = SegmentLog::open({directory.path()}).value();
    CHECK(log.append("a") == 1);
    CHECK(log.append("") == 2);
    REQUIRE(log.commit(true));
  }
  auto log = SegmentLog::open({directory.path()}).value();
  CHECK(log.append("c") == 3);
  REQUIRE(log.commit(false));
  CHECK(read_all(directory.path()) == std::vector<std::string>{"a", "", "c"});
  CHECK(read_all(directory.path(), 3) == std::vector<std::string>{"c"});
}

TEST_CASE("what is not committed is not there") {
  testing::TemporaryDirectory directory;
  auto log = SegmentLog::open({directory.path()}).value();
  log.append("a");
  CHECK(read_all(directory.path()).empty());
}

TEST_CASE("a tail torn at any byte is cut off, and the log goes on") {
  testing::TemporaryDirectory directory;
  {
    auto log = SegmentLog::open({directory.path()}).value();
    for (const char* record : {"first", "second", "the third and last"}) log.append(record);
    REQUIRE(log.commit(false));
  }
  const fs::path segment = only_segment(directory.path());
  const std::string whole = bytes_of(segment);
  const std::size_t header = 16, first_end = header + 16 + 5, second_end = first_end + 16 + 6;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    INFO("cut at " << length);
    write_bytes(segment, whole.substr(0, length));
    const std::size_t intact = length >= second_end ? 2 : length >= first_end ? 1 : 0;
    auto log = SegmentLog::open({directory.path()}).value();
    REQUIRE(log.next_sequence() == intact + 1);
    log.append("new");
    REQUIRE(log.commit(false));
    const auto records = read_all(directory.path());
    REQUIRE(records.size() == intact + 1);
    REQUIRE(records.back() == "new");
  }
}

TEST_CASE("a flipped bit in the tail cuts the log there") {
  testing::TemporaryDirectory directory;
  {
    auto log = SegmentLog::open({directory.path()}).value();
    for (const char* record : {"first", "second"}) log.append(record);
    REQUIRE(log.commit(false));
  }
  const fs::path segment = only_segment(directory.path());
  const std::string whole = bytes_of(segment);
  for (std::size_t at = 16 + 16 + 5; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write_bytes(segment, damaged);
    REQUIRE(SegmentLog::open({directory.path()}).value().next_sequence() == 2);
  }
}

TEST_CASE("segments rotate; beyond the total the oldest go, and a late reader is told how many it missed") {
  testing::TemporaryDirectory directory;
  auto log = SegmentLog::open({directory.path(), 1000, 4000}).value();
  LogReader late(directory.path(), 1);
  for (int i = 1; i <= 100; ++i) {
    log.append(std::string(200, static_cast<char>('a' + i % 26)));
    REQUIRE(log.commit(false));
  }
  const auto segments = segments_in(directory.path());
  CHECK(segments.size() > 2);
  CHECK(segments.size() <= 6);
  const auto first = late.next().value();
  CHECK(first.sequence == segments.front());
  CHECK(first.missed == segments.front() - 1);
  std::uint64_t last = first.sequence;
  for (auto record = late.next().value(); record.sequence != 0; record = late.next().value()) {
    REQUIRE(record.sequence == last + 1);
    REQUIRE(record.missed == 0);
    last = record.sequence;
  }
  CHECK(last == 100);
}

TEST_CASE("a reader follows the writer across segments") {
  testing::TemporaryDirectory directory;
  auto log = SegmentLog::open({directory.path(), 500, 1 << 20}).value();
  LogReader reader(directory.path(), 1);
  for (std::uint64_t i = 1; i <= 50; ++i) {
    log.append("record " + std::to_string(i));
    REQUIRE(log.commit(false));
    const auto record = reader.next().value();
    REQUIRE(record.sequence == i);
    REQUIRE(record.payload == "record " + std::to_string(i));
    REQUIRE(reader.next().value().sequence == 0);
  }
}

TEST_CASE("a reader reports damage in the middle and can go on behind it") {
  testing::TemporaryDirectory directory;
  {
    auto log = SegmentLog::open({directory.path(), 100, 1 << 20}).value();
    for (int i = 0; i < 10; ++i) {
      log.append(std::string(60, 'x'));
      REQUIRE(log.commit(false));
    }
  }
  const auto segments = segments_in(directory.path());
  REQUIRE(segments.size() == 10);
  char name[32];
  std::snprintf(name, sizeof name, "%020u.seg", 4u);
  const fs::path damaged = fs::path(directory.path()) / name;
  std::string bytes = bytes_of(damaged);
  bytes[40] = 'y';
  write_bytes(damaged, bytes);
  LogReader reader(directory.path(), 1);
  for (int i = 0; i < 3; ++i) REQUIRE(reader.next());
  const auto record = reader.next();
  REQUIRE_FALSE(record);
  CHECK(record.error().code == ErrorCode::Corrupt);
  REQUIRE(reader.skip_segment());
  CHECK(reader.next().value().sequence == 5);
}

TEST_CASE("a cursor survives a torn write of its newest slot") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "cursor";
  {
    auto cursor = Cursor::open(path).value();
    CHECK(cursor.position() == 1);
    REQUIRE(cursor.save(10, true));
    REQUIRE(cursor.save(20, true));
  }
  CHECK(Cursor::open(path).value().position() == 20);
  std::string bytes = bytes_of(path);
  bytes[0] = static_cast<char>(bytes[0] ^ 1);  // version 2 is in the first slot
  write_bytes(path, bytes);
  CHECK(Cursor::open(path).value().position() == 10);
}
