// Startup packets: what PostgreSQL's ProcessStartupPacket takes and what it refuses, with its words.
#include "proxy/wire/startup.h"

#include <catch2/catch.hpp>

#include "base/bytes.h"

using namespace signalbox;
using namespace signalbox::proxy::wire;

namespace {

std::string packet(std::uint32_t code, std::string_view body) {
  std::string bytes;
  append_be(bytes, static_cast<std::uint32_t>(8 + body.size()));
  append_be(bytes, code);
  return bytes += body;
}

std::string error_of(const std::string& bytes) {
  const auto parsed = parse_startup(bytes);
  REQUIRE_FALSE(parsed);
  return parsed.error().message;
}

using namespace std::string_view_literals;

}  // namespace

TEST_CASE("lengths outside 8 to 10,000 are refused before anything is read") {
  for (const std::uint32_t length : {0u, 1u, 4u, 7u, 10'001u, 0x7fff'ffffu, 0xffff'ffffu}) {
    std::string four;
    append_be(four, length);
    const auto result = startup_length(four);
    REQUIRE_FALSE(result);
    CHECK(result.error().message == "invalid length of startup packet");
  }
  std::string four;
  append_be(four, std::uint32_t{10'000});
  CHECK(startup_length(four) == 10'000u);
}

TEST_CASE("parameters come in order, duplicates kept, the last one counting") {
  const auto parsed = parse_startup(packet(kProtocol3, "user\0alice\0options\0-c a=b\\ c\0user\0bob\0\0"sv));
  REQUIRE(parsed);
  const auto& startup = std::get<Startup>(*parsed);
  REQUIRE(startup.parameters.size() == 3);
  CHECK(startup.parameters[1].second == "-c a=b\\ c");
  CHECK(startup.parameter("user") == "bob");
  CHECK(startup.parameter("database").empty());
}

TEST_CASE("parameters as the server takes them") {
  const std::string long_name(70, 'n');
  const Startup startup{.parameters = {{"user", long_name},
                                       {"SEARCH_PATH", "a"},
                                       {"datestyle", "German"},
                                       {"search_path", "b"},
                                       {"TimeZone", "UTC"},
                                       {"TIMEZONE", "CET"},
                                       {"database", long_name},
                                       {"application_name", long_name}}};
  const std::vector<std::pair<std::string, std::string>> wanted = {{"user", std::string(63, 'n')},
                                                                   {"search_path", "b"},
                                                                   {"DateStyle", "German"},
                                                                   {"TimeZone", "CET"},
                                                                   {"database", std::string(63, 'n')},
                                                                   {"application_name", long_name}};
  CHECK(startup.effective() == wanted);
}

TEST_CASE("a layout without its terminator is refused") {
  const std::string wanted = "invalid startup packet layout: expected terminator as last byte";
  CHECK(error_of(packet(kProtocol3, ""sv)) == wanted);
  CHECK(error_of(packet(kProtocol3, "user\0alice\0"sv)) == wanted);
  CHECK(error_of(packet(kProtocol3, "user\0alice"sv)) == wanted);
  CHECK(error_of(packet(kProtocol3, "user\0"sv)) == wanted);
  CHECK(error_of(packet(kProtocol3, "\0trailing"sv)) == wanted);
}

TEST_CASE("minor versions and protocol options pass, other majors do not") {
  CHECK(parse_startup(packet(kProtocol3 | 2, "user\0a\0\0"sv)));
  CHECK(parse_startup(packet(kProtocol3 | 9999, "user\0a\0_pq_.x\0y\0\0"sv)));
  CHECK(error_of(packet(2u << 16, "\0"sv)).starts_with("unsupported frontend protocol 2.0"));
  CHECK(error_of(packet(4u << 16, "\0"sv)).starts_with("unsupported frontend protocol 4.0"));
}

TEST_CASE("requests for encryption are exactly eight bytes") {
  CHECK(std::holds_alternative<SslRequest>(*parse_startup(packet(kSslCode, ""))));
  CHECK(std::holds_alternative<GssRequest>(*parse_startup(packet(kGssCode, ""))));
  CHECK_FALSE(parse_startup(packet(kSslCode, "x")));
}

TEST_CASE("cancel keys have 4 to 256 bytes") {
  for (const std::size_t size : {4u, 32u, 256u}) {
    const CancelRequest sent{.process = -7, .key = std::string(size, 'k')};
    const auto parsed = parse_startup(encode(sent));
    REQUIRE(parsed);
    CHECK(std::get<CancelRequest>(*parsed).process == -7);
    CHECK(std::get<CancelRequest>(*parsed).key == sent.key);
  }
  CHECK_FALSE(parse_startup(packet(kCancelCode, "abc")));
  CHECK_FALSE(parse_startup(packet(kCancelCode, "abcdefg")));
  CHECK_FALSE(parse_startup(packet(kCancelCode, std::string(261, 'k'))));
}

TEST_CASE("decode of encode is the packet") {
  const Startup sent{.protocol = kProtocol3 | 2,
                     .parameters = {{"user", "u"}, {"database", ""}, {"options", "-c x=y"}}};
  const auto parsed = parse_startup(encode(sent));
  REQUIRE(parsed);
  CHECK(std::get<Startup>(*parsed).protocol == sent.protocol);
  CHECK(std::get<Startup>(*parsed).parameters == sent.parameters);
}
