// The book against conversations as PostgreSQL holds them. One line = one conversation: lower-case words are
// what the client sends, upper-case letters what the server answers; a number behind a colon is how many
// requests are unanswered then. Sources: protocol-flow.html, src/backend/tcop/postgres.c,
// src/backend/commands/copyfromparse.c.
#include "proxy/session/book.h"

#include <catch2/catch.hpp>
#include <map>
#include <sstream>

using namespace signalbox::proxy;

namespace {

const std::map<std::string, Request> kRequests = {
    {"query", Request::Query}, {"call", Request::FunctionCall}, {"parse", Request::Parse},
    {"bind", Request::Bind},   {"describe", Request::Describe}, {"execute", Request::Execute},
    {"close", Request::Close}, {"sync", Request::Sync},         {"copyend", Request::CopyEnd}};

/// Plays a conversation. "ZI", "ZT", "ZE" are ReadyForQuery with a status. ":n" checks the number unanswered,
/// ":rest" that the server waits for the client.
void play(Book& book, const std::string& conversation) {
  std::istringstream words(conversation);
  std::string word;
  while (words >> word) {
    INFO(conversation << " at " << word);
    if (const auto request = kRequests.find(word); request != kRequests.end()) {
      book.sent(request->second);
    } else if (word == ":rest") {
      CHECK(book.at_rest());
    } else if (word == ":busy") {
      CHECK_FALSE(book.at_rest());
    } else if (word.front() == ':') {
      CHECK(book.size() == std::stoul(word.substr(1)));
    } else if (word.front() == 'Z') {
      CHECK(book.received('Z', word[1]).ready);
      CHECK(book.status_byte() == word[1]);
    } else {
      book.received(word.front());
    }
  }
}

const char* const kConversations[] = {
    // simple query: rows, several statements, errors, empty
    ":rest query :busy T D D C ZI :rest",
    "query T D C T D C C ZT :rest",
    "query E ZI :rest",
    "query T D E ZE :rest",
    "query I ZI :rest",
    "query S N A C ZI :rest",
    "query query query :3 C ZI :2 C ZI :1 E ZI :rest",
    // extended
    "parse bind describe execute sync :5 1 :4 2 :3 T :2 D D C :1 ZI :rest",
    "parse describe sync 1 t :2 T :1 ZI :rest",
    "parse describe sync 1 t n ZI :rest",
    "bind execute execute close sync 2 D s :3 D C :2 3 :1 ZT :rest",
    "sync ZI sync sync :2 ZI ZI :rest",
    "parse bind execute sync 1 2 I ZI :rest",
    // an error skips to Sync; what is sent later is skipped too
    "parse bind execute sync parse bind execute sync E :5 ZI :4 1 2 C ZI :rest",
    "parse bind execute sync 1 E :1 ZE :rest",
    "parse E :busy bind execute :0 sync :1 ZI :rest",
    "parse E query :0 call :0 sync :1 ZI :rest",
    // a Query in the middle of an extended batch runs; skipped after an error
    "parse bind execute query :4 1 2 C C ZI :rest",
    "parse query sync E :1 ZI :rest",
    // the error of a deferred constraint comes at Sync
    "bind execute sync 2 C :1 E :1 ZI :rest",
    // COPY FROM STDIN, simple
    "query G :busy copyend :1 C ZI :rest",
    "query copyend G C ZI :rest",
    "query E copyend ZI :rest",
    "query G E copyend ZI :rest",
    "query G copyend E ZI :rest",
    "query G copyend C G copyend C ZI :rest",
    // COPY in the extended protocol: Sync before the data is swallowed
    "bind execute sync 2 G :1 copyend sync :2 C ZI :rest",
    "bind execute 2 G sync :1 copyend sync :2 C ZI :rest",
    "bind execute sync 2 E ZI copyend sync ZI :rest",
    "bind execute sync copyend sync 2 G :2 E :1 ZI :rest",
    // an end of COPY data that comes too late, or out of the blue, is nobody's: the server ignores it
    "parse copyend 1 :0 sync ZI :rest",
    "parse bind execute copyend 1 2 C :0 copyend sync :1 ZI :rest",
    "query copyend E ZI :0 :rest",
    "sync copyend copyend sync copyend ZI :2 ZI :0 :rest",
    "describe copyend bind t n :1 2 :0 sync ZI :rest",
    // COPY TO STDOUT and COPY BOTH
    "query H d d c C ZI :rest",
    "query W d copyend c C ZI :rest",
    // function calls
    "call V ZI :rest",
    "call E ZE :rest",
    // out of the blue
    "S N A E :rest",
    "copyend :rest",
    // close and describe of portals
    "bind describe execute close sync 2 n C 3 ZI :rest",
};

}  // namespace

TEST_CASE("conversations") {
  for (const char* conversation : kConversations) {
    Book book;
    play(book, conversation);
    CHECK_FALSE(book.lost());
  }
}

// What PostgreSQL answers depends on something that the book cannot know, or is no conversation at all.
TEST_CASE("a conversation that cannot be followed is known as such") {
  const std::string lost = GENERATE(values<std::string>(
      {// behind a COPY that wants data: dropped, or run where the COPY has failed by then
       "query G query", "query query G", "bind execute sync 2 G parse", "query describe copyend G",
       // a Sync in a COPY that had failed by then has an answer
       "bind execute 2 G sync copyend sync query query E ZI ZI",
       "bind execute 2 G sync copyend sync parse sync E ZI ZI",
       // nobody has asked
       "1", "T", "C", "ZI", "query C ZI ZI", "query ZI", "call ZI", "parse bind sync ZI",
       "parse sync 1 ZI D ZI"}));
  Book book;
  play(book, lost);
  INFO(lost);
  CHECK(book.lost());
}

TEST_CASE("conversations one after another leave nothing behind") {
  Book book;
  for (const char* conversation : kConversations) play(book, conversation);
  CHECK(book.at_rest());
}

TEST_CASE("a companion rides with its request, and is dropped when the request is skipped") {
  Book book;
  auto refusal = std::make_unique<Companion>();
  refusal->refusal = "no";
  book.sent(Request::Parse);
  book.sent(Request::Parse, std::move(refusal));
  book.sent(Request::Sync);
  book.received('1');
  const Book::Meaning meaning = book.received('E');
  REQUIRE(meaning.head != nullptr);
  CHECK(meaning.head->companion->refusal == "no");
  CHECK(meaning.failed);

  book.received('Z', 'I');
  book.sent(Request::Parse);
  auto skipped = std::make_unique<Companion>();
  skipped->refusal = "never";
  book.sent(Request::Bind, std::move(skipped));
  book.sent(Request::Sync);
  const Book::Meaning first = book.received('E');
  CHECK(first.head->request == Request::Parse);
  CHECK(first.head->companion == nullptr);
  CHECK(book.received('Z', 'I').head->request == Request::Sync);
  CHECK(book.at_rest());
}

TEST_CASE("the last unanswered Parse is certain only without a Sync behind it") {
  Book book;
  auto parse = std::make_unique<Companion>();
  parse->statement = "s";
  parse->text = "select 1";
  book.sent(Request::Parse, std::move(parse));
  book.sent(Request::Bind);
  CHECK(book.unanswered_parse("s").parse->text == "select 1");
  CHECK(book.unanswered_parse("s").certain);
  CHECK(book.unanswered_parse("t").parse == nullptr);
  book.sent(Request::Sync);
  CHECK_FALSE(book.unanswered_parse("s").certain);
}

TEST_CASE("the Parse of a name is not looked for behind everything else") {
  Book book;
  for (const char* name : {"s", "t"}) {
    auto parse = std::make_unique<Companion>();
    parse->statement = name;
    book.sent(Request::Parse, std::move(parse));
  }
  for (int i = 0; i < 100; ++i) book.sent(Request::Bind);
  CHECK(book.unanswered_parse("s").parse != nullptr);
  CHECK_FALSE(book.unanswered_parse("u").too_far);  // every Parse has been looked at
  for (int i = 0; i < 300; ++i) book.sent(Request::Bind);
  CHECK(book.unanswered_parse("s").too_far);
  CHECK(book.unanswered_parse("s").parse == nullptr);
  book.received('1'), book.received('1');
  CHECK_FALSE(book.unanswered_parse("s").too_far);  // none is left to look for
}

TEST_CASE("a long pipeline grows the book, and its memory comes back") {
  Book book;
  for (int i = 0; i < 10'000; ++i) book.sent(Request::Query);
  CHECK(book.size() == 10'000);
  for (int i = 0; i < 10'000; ++i) book.received('Z', 'I');
  CHECK(book.at_rest());
  CHECK(book.memory() == 0);
}
