// Bodies of messages: decode(encode(m)) = m, and nothing malformed passes.
#include <catch2/catch.hpp>

#include "proxy/wire/error_response.h"
#include "proxy/wire/frame.h"
#include "proxy/wire/replies.h"
#include "proxy/wire/requests.h"

using namespace signalbox::proxy::wire;
using namespace std::string_view_literals;
using namespace std::string_literals;

namespace {

std::string_view body_of(const std::string& frame) {
  return std::string_view(frame).substr(kHeaderBytes);
}

}  // namespace

TEST_CASE("Query: one text, its NUL the last byte") {
  std::string frame;
  append_query(frame, "select 1");
  CHECK(decode_query(body_of(frame))->text == "select 1");
  CHECK_FALSE(decode_query("select 1"sv));
  CHECK_FALSE(decode_query("select 1\0; drop\0"sv));  // a text that ends early hides nothing behind it
  CHECK_FALSE(decode_query(""sv));
}

TEST_CASE("Parse: names, text and as many types as it says") {
  std::string frame;
  append_parse(frame, "s1", "select $1", "\0\0\0\x17"sv);
  const auto parse = decode_parse(body_of(frame));
  REQUIRE(parse);
  CHECK(parse->statement == "s1");
  CHECK(parse->text == "select $1");
  CHECK(parse->parameter_types == "\0\0\0\x17"sv);
  CHECK_FALSE(decode_parse("s\0q\0\0\1"sv));          // one type promised, none there
  CHECK_FALSE(decode_parse("s\0q\0\0\0x"sv));         // trailing byte
  CHECK_FALSE(decode_parse("s\0q\0\xff\xff\0\0"sv));  // 65,535 promised
}

TEST_CASE("Bind: formats for none, one or all; -1 is the only negative length") {
  const auto bind = decode_bind("p\0s\0\0\1\0\1\0\2\0\0\0\2hi\xff\xff\xff\xff\0\0"sv);
  REQUIRE(bind);
  REQUIRE(bind->values.size() == 2);
  CHECK(bind->values[0].bytes == "hi");
  CHECK(bind->values[0].binary);
  CHECK(bind->values[1].null);
  CHECK_FALSE(decode_bind("\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"sv));  // length -2
  CHECK_FALSE(decode_bind("\0\0\0\0\0\1\x7f\xff\xff\xff\0\0"sv));  // longer than the message
  CHECK_FALSE(decode_bind("\0\0\0\2\0\1\0\1\0\1\0\0\0\0\0\0"sv));  // two formats, one value
  CHECK_FALSE(decode_bind("\0\0\0\0\0\0\0\0x"sv));                 // trailing byte
  CHECK(decode_bind_names("p\0s\0\0"sv)->statement == "s");
  CHECK_FALSE(decode_bind_names("p\0s"sv));
}

TEST_CASE("Close, Describe and Execute") {
  CHECK(decode_close("Sname\0"sv)->name == "name");
  CHECK_FALSE(decode_close("Xname\0"sv));
  CHECK_FALSE(decode_close("Sname"sv));
  CHECK(*decode_execute("c\0\0\0\0\5"sv) == "c");
  CHECK_FALSE(decode_execute("c\0\0\0"sv));
}

TEST_CASE("replies") {
  CHECK(decode_ready("T") == 'T');
  CHECK_FALSE(decode_ready("X"));
  CHECK_FALSE(decode_ready("II"));
  CHECK(decode_backend_key("\0\0\0\x2a"
                           "keys"sv)
            ->process == 42);
  CHECK_FALSE(
      decode_backend_key("\0\0\0\x2a"
                         "key"sv));
  CHECK(decode_parameter_status("a\0b\0"sv)->value == "b");
  CHECK_FALSE(decode_parameter_status("a\0b"sv));
  CHECK(decode_parameter_description("\0\2\0\0\0\x17\0\0\0\x19"sv) == std::vector<std::uint32_t>{23, 25});
  CHECK_FALSE(decode_parameter_description("\0\2\0\0\0\x17"sv));
  CHECK_FALSE(decode_parameter_description("\0\0\0"sv));
  std::string frame;
  append_sasl_mechanisms(frame, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"});
  CHECK(decode_sasl_mechanisms(body_of(frame)) ==
        std::vector<std::string_view>{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"});
  CHECK_FALSE(decode_sasl_mechanisms("\0\0\0\x0aSCRAM\0"sv));
}

TEST_CASE("an ErrorResponse reads back, and every field may be missing") {
  ErrorFields fields;
  fields.message = "no";
  fields.hint = "try\0this"s;
  const std::string frame = encode_error(fields);
  CHECK(frame.front() == 'E');
  CHECK(error_field(body_of(frame), 'C') == "42501");
  CHECK(error_field(body_of(frame), 'M') == "no");
  CHECK(error_field(body_of(frame), 'H') == "try");  // a NUL cannot smuggle fields in
  CHECK(error_field(body_of(frame), 'D').empty());
  CHECK_FALSE(is_fatal(body_of(frame)));
  CHECK(is_fatal("SFATAL\0\0"sv));
  CHECK(is_fatal("SFATALE\0VPANIC\0\0"sv));
  CHECK(error_field(""sv, 'C').empty());
  CHECK(error_field("Cno terminator"sv, 'C').empty());
}

TEST_CASE("names are as long as the server's: NAMEDATALEN - 1 bytes of them count") {
  const std::string kept(63, 'n');
  std::string parse, execute = kept + "tail\0\0\0\0\0"s, bind = kept + "p\0"s + kept + "s\0\0\0\0\0\0\0"s;
  append_parse(parse, kept + "tail", "select 1");
  CHECK(decode_parse(body_of(parse))->statement == kept);
  CHECK(decode_parse(body_of(parse))->text == "select 1");
  CHECK(decode_execute(execute) == kept);
  CHECK(decode_bind(bind)->portal == kept);
  CHECK(decode_bind(bind)->statement == kept);
  CHECK(decode_bind_names(bind)->statement == kept);
  CHECK(decode_close("S"s + kept + "tail\0"s)->name == kept);
}
