// SCRAM against RFC 7677's own example, and both ends against each other.
#include "proxy/targets/scram.h"

#include <catch2/catch.hpp>

using namespace signalbox::proxy;

namespace {

// RFC 7677, section 3: user "user", password "pencil". StoredKey and ServerKey are those of PostgreSQL 15 for
// this salt and count: SELECT of pg_authid.rolpassword with that salt; the RFC's signature checks the
// ServerKey.
constexpr std::string_view kVerifier =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2"
    "KeoiWGPlZqQxSrmfPwDl2dU=";
constexpr const char* kClientNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr const char* kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

}  // namespace

TEST_CASE("the example of RFC 7677") {
  const auto verifier = ScramVerifier::parse(kVerifier);
  REQUIRE(verifier);
  ScramServer server(*verifier, "", kServerNonce);
  const auto first = server.first("SCRAM-SHA-256", std::string("n,,n=user,r=") + kClientNonce);
  REQUIRE(first);
  CHECK(*first == "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  const auto final = server.final(
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
      "Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  REQUIRE(final);
  CHECK(*final == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_CASE(
    "the key of a client that has proved itself opens the server, each end bound to its own certificate") {
  const auto verifier = ScramVerifier::parse(kVerifier);
  ScramServer first_server(*verifier, "", kServerNonce);
  REQUIRE(first_server.first("SCRAM-SHA-256", std::string("n,,n=user,r=") + kClientNonce));
  REQUIRE(
      first_server.final("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
                         "Ute9ytag9zjfMHgsqmmiz7AndVQ="));
  const ScramKey key = first_server.client_key();
  for (const std::string binding : {"", "hash of the server's certificate"}) {
    ScramClient client(*verifier, key, binding);
    ScramServer server(*verifier, binding);
    const auto server_first = server.first(client.mechanism(), client.first());
    REQUIRE(server_first);
    const auto client_final = client.final(*server_first);
    REQUIRE(client_final);
    const auto server_final = server.final(*client_final);
    REQUIRE(server_final);
    CHECK(client.verify(*server_final));
    CHECK_FALSE(client.verify("v=AAAA"));
    CHECK_FALSE(client.verify("e=other-error"));

    ScramServer other(*verifier, binding + "another certificate", kServerNonce);
    ScramClient again(*verifier, key, binding.empty() ? "x" : binding);
    const auto other_first = other.first(again.mechanism(), again.first());
    CHECK(other.final(*again.final(*other_first)).error() == "SCRAM channel binding check failed");
  }
}

TEST_CASE("what a client may not say") {
  const auto verifier = ScramVerifier::parse(kVerifier);
  const auto error = [&](std::string_view mechanism, std::string_view message) {
    ScramServer server(*verifier, "binding");
    return server.first(mechanism, message).error();
  };
  // "y" = "I could bind, but you did not offer to": somebody removed the offer.
  CHECK(error("SCRAM-SHA-256", "y,,n=,r=abc") == "SCRAM channel binding negotiation error");
  CHECK(error("SCRAM-SHA-256-PLUS", "n,,n=,r=abc") == "malformed SCRAM message");
  CHECK(error("SCRAM-SHA-256", "p=tls-server-end-point,,n=,r=abc") == "malformed SCRAM message");
  CHECK(error("SCRAM-SHA-1", "n,,n=,r=abc") == "client selected an invalid SASL authentication mechanism");
  CHECK(error("SCRAM-SHA-256", "n,,n=,r=") == "malformed SCRAM message");
  CHECK(error("SCRAM-SHA-256", "n,") == "malformed SCRAM message");
  CHECK(error("SCRAM-SHA-256", "n,,n=,r=" + std::string(2000, 'a')) == "malformed SCRAM message");
}

TEST_CASE("a wrong proof or nonce opens nothing") {
  const auto verifier = ScramVerifier::parse(kVerifier);
  ScramServer server(*verifier, "", kServerNonce);
  REQUIRE(server.first("SCRAM-SHA-256", std::string("n,,n=user,r=") + kClientNonce));
  CHECK_FALSE(
      server.final("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=eHzbZapWIk4jUhN+"
                   "Ute9ytag9zjfMHgsqmmiz7AndVQ="));
  CHECK_FALSE(server.final("c=biws,r=other,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
  CHECK_FALSE(server.final("c=biws"));
  CHECK_FALSE(server.final(""));
}

TEST_CASE("verifiers that are not of PostgreSQL's form are not read") {
  for (const char* text : {"", "md5abc", "SCRAM-SHA-256$", "SCRAM-SHA-256$0:YQ==$YQ==:YQ==",
                           "SCRAM-SHA-256$4096:$:", "SCRAM-SHA-256$x:W22ZaJ0SNY7soEsUEjb6gQ==$a:b"}) {
    CHECK_FALSE(ScramVerifier::parse(text));
  }
}
