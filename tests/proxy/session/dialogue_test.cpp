// What has been said: events made of it, the end of a transaction, and that it costs nothing from the heap in
// the steady state.
#include "proxy/session/dialogue.h"

#include <catch2/catch.hpp>

#include "base/allocations.h"
#include "proxy/worker.h"

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

struct Spoken {
  SystemClock clock;
  Catalogs catalogs;
  Dialogue dialogue{std::make_shared<const Settings>(), catalogs};

  void ready(char status) {
    dialogue.book.received('Z', status);
    dialogue.on_ready(1, clock);
  }
  void simple() {
    dialogue.book.sent(Request::Query);
    dialogue.book.received('C');
    ready('I');
  }
  /// Bind, Execute, Sync of a statement that is prepared.
  void executed() {
    auto companion = dialogue.new_companion();
    companion->statement = "s";
    dialogue.book.sent(Request::Bind, std::move(companion));
    dialogue.book.sent(Request::Execute);
    dialogue.book.sent(Request::Sync);
    auto meaning = dialogue.book.received('2');
    dialogue.statements.confirm(Request::Bind, *meaning.head->companion);
    dialogue.done_with(std::move(meaning.head->companion));
    dialogue.book.received('C');
    ready('I');
  }
};

}  // namespace

TEST_CASE("in the steady state a statement takes nothing from the heap") {
  Spoken spoken;
  Companion parse;
  parse.statement = "s";
  parse.text = "select 1";
  spoken.dialogue.statements.confirm(Request::Parse, parse);
  spoken.simple();
  spoken.executed();
  const AllocationCount before = allocations();
  for (int i = 0; i < 100; ++i) spoken.simple(), spoken.executed();
  const AllocationCount after = allocations();
  CHECK(after.count == before.count);
}

TEST_CASE("an event has what is known by then") {
  Spoken spoken;
  CHECK(spoken.dialogue.event_of(actions::Hook::Connecting).session == nullptr);
  CHECK(spoken.dialogue.event_of(actions::Hook::Startup).session == &spoken.dialogue.session);
  CHECK(spoken.dialogue.event_of(actions::Hook::Startup).server == nullptr);
  spoken.dialogue.has_server = true;
  CHECK(spoken.dialogue.event_of(actions::Hook::Authenticated).server == &spoken.dialogue.server);
}

TEST_CASE("a parameter is known by its last value, and decisions made before are stale") {
  Spoken spoken;
  const auto generation = spoken.dialogue.session.generation;
  spoken.dialogue.on_parameter("standard_conforming_strings", "on");
  CHECK(spoken.dialogue.names.reading().standard_strings);
  spoken.dialogue.on_parameter("standard_conforming_strings", "off");
  CHECK_FALSE(spoken.dialogue.names.reading().standard_strings);
  CHECK(spoken.dialogue.session.parameters.size() == 1);
  CHECK(spoken.dialogue.session.generation != generation);
}

TEST_CASE("a session is idle when nothing is under way, and held while a named statement is left") {
  Spoken spoken;
  Dialogue& dialogue = spoken.dialogue;
  CHECK(dialogue.idle());
  dialogue.book.sent(Request::Query);
  CHECK_FALSE(dialogue.idle());
  spoken.ready('T');
  CHECK_FALSE(dialogue.idle());
  CHECK(dialogue.session.transaction == Transaction::Active);
  CHECK(dialogue.session.transaction_since_ns > 0);
  dialogue.book.sent(Request::Query);
  spoken.ready('I');
  CHECK(dialogue.idle());
  Companion named;
  named.statement = "s";
  dialogue.statements.confirm(Request::Parse, named);
  CHECK(dialogue.is_held());
  dialogue.statements.confirm(Request::Close, named);
  CHECK_FALSE(dialogue.is_held());
}
