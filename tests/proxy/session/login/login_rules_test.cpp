// Orders of logins that PostgreSQL produces, and those that nobody may.
#include "proxy/session/login/login_rules.h"

#include <catch2/catch.hpp>

using namespace signalbox::proxy;
using Next = LoginRules::Next;
using enum wire::Authentication;

TEST_CASE("trust") {
  LoginRules rules;
  CHECK(rules.server_asked(Ok) == Next::Relay);
  CHECK(rules.server_sent('S') == Next::Relay);
  CHECK(rules.server_sent('K') == Next::Relay);
  CHECK(rules.server_sent('K') == Next::Violation);
  CHECK(rules.server_sent('Z') == Next::Ready);
}

TEST_CASE("password and MD5 ask the client once") {
  for (const auto kind : {CleartextPassword, Md5Password}) {
    LoginRules rules;
    CHECK(rules.server_asked(kind) == Next::AskClient);
    CHECK(rules.server_asked(kind) == Next::Violation);
    CHECK(rules.server_asked(Ok) == Next::Relay);
  }
}

TEST_CASE("SCRAM: the server proves itself before it accepts") {
  LoginRules rules;
  CHECK(rules.server_asked(Sasl) == Next::AskClient);
  CHECK(rules.server_asked(Ok) == Next::Violation);
  CHECK(rules.server_asked(SaslContinue) == Next::AskClient);
  CHECK(rules.server_asked(SaslFinal) == Next::Relay);
  CHECK(rules.server_asked(SaslContinue) == Next::Violation);
  CHECK(rules.server_asked(Ok) == Next::Relay);
}

TEST_CASE("GSS goes back and forth as often as it needs") {
  LoginRules rules;
  CHECK(rules.server_asked(Gss) == Next::AskClient);
  CHECK(rules.server_asked(GssContinue) == Next::AskClient);
  CHECK(rules.server_asked(GssContinue) == Next::AskClient);
  CHECK(rules.server_asked(Ok) == Next::Relay);
}

TEST_CASE("nothing of a session comes before authentication, no question after it") {
  LoginRules rules;
  for (const char type : {'S', 'K', 'Z', 'T', 'D'}) CHECK(rules.server_sent(type) == Next::Violation);
  CHECK(rules.server_asked(Ok) == Next::Relay);
  CHECK(rules.server_asked(CleartextPassword) == Next::Violation);
  CHECK(rules.server_asked(Ok) == Next::Violation);
}

TEST_CASE("NegotiateProtocolVersion comes first or not at all") {
  LoginRules first;
  CHECK(first.server_sent('v') == Next::Relay);
  LoginRules late;
  late.server_asked(Ok);
  CHECK(late.server_sent('v') == Next::Violation);
}

TEST_CASE("methods that cannot pass a gateway are said to be unsupported") {
  LoginRules rules;
  CHECK(rules.server_asked(ScmCredential) == Next::Unsupported);
  CHECK(rules.server_asked(static_cast<wire::Authentication>(99)) == Next::Unsupported);
}
