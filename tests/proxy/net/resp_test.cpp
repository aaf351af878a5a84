// RESP2: examples of the protocol's specification, in any chunking, and what is no reply.
#include "proxy/net/resp.h"

#include <catch2/catch.hpp>
#include <string>

using namespace signalbox::proxy;

namespace {

RespReply whole(std::string_view bytes) {
  // Every proper prefix is incomplete, and what follows is left alone.
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto part = read_reply(bytes.substr(0, n));
    REQUIRE(part);
    REQUIRE_FALSE(*part);
  }
  const auto reply = read_reply(std::string(bytes) + "+next\r\n");
  REQUIRE((reply && *reply));
  CHECK((*reply)->second == bytes.size());
  return (*reply)->first;
}

}  // namespace

TEST_CASE("a command is an array of bulk strings") {
  std::string out;
  append_command(out, std::vector<std::string>{"LLEN", "my\r\nlist", ""});
  CHECK(out == "*3\r\n$4\r\nLLEN\r\n$8\r\nmy\r\nlist\r\n$0\r\n\r\n");
}

TEST_CASE("replies are read whole, whatever the chunks were") {
  CHECK(whole("+OK\r\n").text == "OK");
  CHECK(whole("-ERR unknown command\r\n").is_error());
  CHECK(whole(":-1000\r\n").integer == -1000);
  CHECK(whole("$5\r\nhe\r\no\r\n").text == "he\r\no");
  CHECK(whole("$0\r\n\r\n").kind == RespReply::Kind::Text);
  CHECK(whole("$-1\r\n").kind == RespReply::Kind::Nil);
  CHECK(whole("*-1\r\n").kind == RespReply::Kind::Nil);
  CHECK(whole("*0\r\n").kind == RespReply::Kind::Array);
  const RespReply nested = whole("*3\r\n:1\r\n*2\r\n+a\r\n$-1\r\n$1\r\nb\r\n");
  REQUIRE(nested.items.size() == 3);
  CHECK(nested.items[1].items[0].text == "a");
  CHECK(nested.items[1].items[1].kind == RespReply::Kind::Nil);
  CHECK(nested.items[2].text == "b");
}

TEST_CASE("what is no reply is an error, and so is one without bounds") {
  for (const char* bytes : {"?\r\n", "\r\n", ":\r\n", ":12a\r\n", "$x\r\n", "$-2\r\n", "$3\r\nabcd\r\n",
                            "*-7\r\n", "*99999999999\r\n", "$99999999999999999999\r\n", "$68719476736\r\n",
                            "HTTP/1.1 400 Bad Request\r\n"}) {
    INFO(bytes);
    CHECK_FALSE(read_reply(bytes));
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "*1\r\n";
  CHECK_FALSE(read_reply(deep));
  CHECK_FALSE(read_reply("+" + std::string(100'000, 'x')));
}
