// What becomes of a request, by policies and by what has been said before: no socket is needed to ask.
#include "proxy/session/judge/judge.h"

#include <catch2/catch.hpp>
#include <string>

#include "actions/vocabulary.h"
#include "proxy/net/loop.h"
#include "proxy/worker.h"

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

constexpr const char* kNoDelete = R"(
policy: guard
rules:
  - name: kind
    match: {query.kind: delete}
    then: [{deny: {message: not here}}]
)";

constexpr const char* kNoTenant = R"(
policy: guard
rules:
  - name: tenant
    when: input.query.parameters[_].value == "7"
    then: [{deny: {message: not this one}}]
)";

std::shared_ptr<const Policies> policies(const char* text, std::uint64_t number) {
  auto set =
      policy::PolicySet::load({{"guard.policy.yaml", text},
                               {"gateway.rego",
                                "package gateway\n\nimport rego.v1\n\nactions contains action if {\n\tsome "
                                "name\n\tsome action in data.policies[name].actions\n}\n"}},
                              actions::vocabulary());
  if (!set) FAIL(to_text(set.error()));
  return std::make_shared<const Policies>(*set, number);
}

struct Desk {
  SystemClock clock;
  Metrics metrics;
  MetricsShard& shard = metrics.new_shard();
  Decider decider{clock, shard, nullptr};
  Loop loop;
  Catalogs catalogs;
  Dialogue dialogue{std::make_shared<const Settings>(), catalogs};
  Judge judge{decider, shard, loop, dialogue};

  explicit Desk(const char* rules) {
    decider.use(DecisionOptions{}, MemoryLimits{});
    decider.use(policies(rules, 1));
    judge.begin();
  }

  std::optional<Stop> ask(const std::string& message) {
    wire::FrameHeader header;
    REQUIRE(wire::read_header(wire::Sender::Client, message, header) == wire::HeaderStatus::Complete);
    judge.at_hand().ruled.reset();
    return judge.judge(header, std::string_view(message).substr(wire::kHeaderBytes));
  }
  const wire::ErrorFields& told() { return judge.at_hand().refusal->fields; }

  /// The message passes, and the server confirms it.
  void confirm(Request request, const std::string& message) {
    auto companion = dialogue.new_companion();
    const auto body = std::string_view(message).substr(wire::kHeaderBytes);
    if (request == Request::Parse) judge.remember('P', body, true, *companion);
    dialogue.statements.confirm(request, *companion);
  }
};

std::string query(std::string_view text) {
  std::string message;
  wire::append_query(message, text);
  return message;
}

std::string parse(std::string_view name, std::string_view text) {
  std::string message;
  wire::append_parse(message, name, text);
  return message;
}

std::string bind(std::string_view name) {
  std::string message;
  wire::append_bind(message, "", name);
  return message;
}

/// One value, as text.
std::string bind(std::string_view name, std::string_view value) {
  std::string message;
  wire::FrameBuilder(message, 'B')
      .text("")
      .text(name)
      .u16(0)
      .u16(1)
      .u32(static_cast<std::uint32_t>(value.size()))
      .bytes(value)
      .u16(0);
  return message;
}

}  // namespace

TEST_CASE("a query passes or is refused as policies say, and any refused statement refuses all") {
  Desk desk(kNoDelete);
  CHECK(desk.ask(query("select 1")) == std::nullopt);
  CHECK(desk.judge.at_hand().ruled);
  CHECK(desk.ask(query("select 1; delete from t")) == Stop::Refused);
  CHECK(desk.told().message == "not here");
  CHECK(desk.told().sqlstate == "42501");
}

TEST_CASE("what is no message of its type is an ordinary error") {
  Desk desk(kNoDelete);
  std::string message;
  wire::FrameBuilder(message, 'P').text("").text("select 1");  // no count of parameters
  CHECK(desk.ask(message) == Stop::Refused);
  CHECK(desk.told().sqlstate == "08P01");
}

TEST_CASE("a text that settings may change waits for what is under way, and until the settings are told") {
  Desk desk(kNoDelete);
  const std::string text = query(R"(select 'a\'b')");
  CHECK(desk.ask(text) == std::nullopt);
  desk.dialogue.book.sent(Request::Query);
  CHECK(desk.ask(query("select 1")) == std::nullopt);
  CHECK(desk.ask(text) == Stop::Unconfirmed);
  desk.dialogue.book.received('C');
  desk.dialogue.book.received('Z');
  CHECK(desk.ask(text) == std::nullopt);
  desk.dialogue.book.sent(Request::Parse);
  desk.dialogue.book.received('1');
  CHECK(desk.ask(text) == std::nullopt);
  desk.dialogue.book.sent(Request::Bind);
  desk.dialogue.book.received('2');
  CHECK(desk.ask(text) == Stop::Settings);  // in the pipeline the server tells nothing
  CHECK(desk.ask(query("select 1")) == std::nullopt);
  desk.dialogue.book.note_settings_told();
  CHECK(desk.ask(text) == std::nullopt);
  desk.dialogue.book.sent(Request::Execute);
  desk.dialogue.book.sent(Request::Sync);
  desk.dialogue.book.received('C');
  desk.dialogue.book.received('Z');
  CHECK(desk.ask(text) == std::nullopt);
}

TEST_CASE("what was prepared is judged again when policies are others") {
  Desk desk(kNoTenant);
  CHECK(desk.ask(parse("d", "delete from t")) == std::nullopt);
  desk.confirm(Request::Parse, parse("d", "delete from t"));
  desk.decider.use(policies(kNoDelete, 2));
  CHECK_FALSE(desk.judge.is_current());
  CHECK_FALSE(desk.judge.still_holds());
  spawn(desk.judge.judge_again());
  CHECK(desk.judge.is_current());
  CHECK(desk.ask(bind("d")) == Stop::Refused);
  CHECK(desk.told().message == "not here");
}

TEST_CASE("a text with places for values is judged when these are bound") {
  Desk desk(kNoTenant);
  const std::string text = parse("s", "select * from t where tenant = $1");
  CHECK(desk.ask(text) == std::nullopt);
  desk.confirm(Request::Parse, text);
  CHECK(desk.ask(bind("s", "8")) == std::nullopt);
  CHECK(desk.ask(bind("s", "7")) == Stop::Refused);
  CHECK(desk.told().message == "not this one");
}

TEST_CASE("in one pipeline a Bind meets the Parse before it") {
  Desk desk(kNoTenant);
  const std::string text = parse("s", "select * from t where tenant = $1");
  REQUIRE(desk.ask(text) == std::nullopt);
  auto companion = desk.dialogue.new_companion();
  desk.judge.remember('P', std::string_view(text).substr(wire::kHeaderBytes), true, *companion);
  desk.dialogue.book.sent(Request::Parse, std::move(companion));
  CHECK(desk.ask(bind("s", "8")) == std::nullopt);
  CHECK(desk.ask(bind("s", "7")) == Stop::Refused);
  SECTION("with a Sync between them it is not certain that there is such a statement") {
    desk.dialogue.book.sent(Request::Sync);
    CHECK(desk.ask(bind("s", "8")) == Stop::Unconfirmed);
  }
}
