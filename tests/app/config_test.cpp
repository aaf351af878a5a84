#include "app/config/config.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/config/address.h"
#include "app/config/describe.h"
#include "app/config/key.h"

using namespace signalbox;
using namespace signalbox::app;
using namespace std::chrono_literals;

namespace {

Diagnostics errors_of(std::string_view text) {
  auto loaded = load(text, "/etc/signalbox.yaml");
  return loaded ? Diagnostics{} : loaded.error();
}

const std::string kSmall = R"(
listeners:
  - address: 127.0.0.1:6432
targets:
  - {name: a, address: "10.0.0.1:5432", tls: {mode: verify-full, ca: ca.pem}}
  - name: b
    address: /run/pg:5432
    role: replica
gateway: {labels: {zone: eu, tier: "1"}}
policy:
  directory: rules
  deadline: 1.5s
  opa: {inputs: [query.kind, session.user]}
limits: {idle_timeout: 5m}
)";

}  // namespace

TEST_CASE("durations and sizes need a unit, except 0") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("1.5h") == 90min);
  CHECK(parse_duration("0") == 0ns);
  CHECK_FALSE(parse_duration("30"));
  CHECK_FALSE(parse_duration("-1s"));
  CHECK_FALSE(parse_duration("1e300d"));
  CHECK_FALSE(parse_duration("s"));
  CHECK(parse_size("64KiB")->bytes == 65536);
  CHECK(parse_size("1.5MB")->bytes == 1'500'000);
  CHECK_FALSE(parse_size("64k"));
  CHECK(to_text(Duration(90s)) == "90s");
  CHECK(to_text(Duration(120s)) == "2m");
  CHECK(to_text(Size{65536}) == "64KiB");
}

TEST_CASE("addresses") {
  CHECK(parse_address("127.0.0.1:6432") == Address{"127.0.0.1", 6432});
  CHECK(parse_address("[::1]:5") == Address{"::1", 5});
  CHECK(parse_address("*:5432") == Address{"*", 5432});
  CHECK(parse_address("/run/pg:5432") == Address{"/run/pg", 5432});
  CHECK(parse_address("/run/pg/.s.PGSQL.5433") == Address{"/run/pg", 5433});
  for (const char* bad : {"", "localhost", ":5432", "h:", "h:x", "h:65536", "::1:5432", "h:1x"}) {
    INFO(bad);
    CHECK_FALSE(parse_address(bad));
  }
}

TEST_CASE("a file is read into typed values, the rest keeps its defaults") {
  const auto config = load(kSmall, "/etc/sb/signalbox.yaml");
  REQUIRE(config);
  CHECK(config->listeners.at(0).address == "127.0.0.1:6432");
  CHECK(config->listeners[0].tls.mode == "disable");
  CHECK(config->targets.at(0).tls.mode == "verify-full");
  CHECK(config->targets[0].tls.ca == "/etc/sb/ca.pem");
  CHECK(config->targets.at(1).role == "replica");
  CHECK(config->gateway.labels == Labels{{"zone", "eu"}, {"tier", "1"}});
  CHECK(config->policy.directory == "/etc/sb/rules");
  CHECK(config->policy.deadline == 1500ms);
  CHECK(config->policy.opa.inputs == Words{"query.kind", "session.user"});
  CHECK(config->limits.idle_timeout == 5min);
  CHECK(config->gateway.drain_timeout == 30s);
  CHECK(config->policy.on_error == "deny");
}

TEST_CASE("an unknown key is an error with its position and the nearest key") {
  const auto bad =
      errors_of("listeners:\n  - adress: 127.0.0.1:1\n    tls:\n      certificat: x\ntarget: []\n");
  REQUIRE(bad.size() == 3);
  CHECK(to_text(bad[0]) ==
        "/etc/signalbox.yaml:2:5: config_unknown_key: there is no key \"adress\"\n"
        "    - adress: 127.0.0.1:1\n"
        "      ^\n"
        "  hint: did you mean address?\n");
  CHECK(bad[1].at.row == 4);
  CHECK(bad[1].hint == "did you mean tls.certificate?");
  CHECK(bad[2].message == "there is no section \"target\"");
  CHECK(bad[2].hint == "did you mean targets?");
}

TEST_CASE("a wrong value says what would be right") {
  const auto one = [](std::string_view text) {
    const auto bad = errors_of(text);
    return bad.size() == 1 ? bad[0].at.row == 0 ? "no row" : bad[0].message + " | " + bad[0].hint
                           : "not one error";
  };
  CHECK(one("limits: {idle_timeout: 30}")
            .ends_with("\"30\" is not valid | write a duration such as 250ms, 30s, 5m, 1h or 0"));
  CHECK(one("policy: {on_error: denny}").ends_with("write one of deny, allow; did you mean deny?"));
  CHECK(one("limits: {connections: many}").ends_with("write a whole number, 0 or more"));
  CHECK(one("policy: {watch: yes}").ends_with("write true or false"));
  CHECK(one("listeners: {address: x}").starts_with("listeners is a list"));
  CHECK(one("limits: [1]").starts_with("limits is a map of keys to values"));
  CHECK(one("admin: {address: [a]}").starts_with("admin.address is not a text"));
  CHECK(one("admin: {address: a, address: b}").starts_with("address stands here twice"));
  CHECK(one("admin: {address: a").starts_with(""));
  CHECK(errors_of("a: [").front().code == "config_not_yaml");
}

TEST_CASE("the environment and secret files are read, and a missing one is named") {
  ::setenv("SB_TEST_PORT", "7777", 1);
  ::unsetenv("SB_TEST_NONE");
  const std::string path = std::tmpnam(nullptr);
  std::ofstream(path) << "s3cret\n";
  const auto config = load(
      "listeners: [{address: \"h:${SB_TEST_PORT}\", name: \"${SB_TEST_NONE:-x}$${y}\"}]\nadmin: {read_token: "
      "\"file:" +
          path + "\"}",
      "x.yaml");
  REQUIRE(config);
  CHECK(config->listeners[0].address == "h:7777");
  CHECK(config->listeners[0].name == "x${y}");
  CHECK(config->admin.read_token.reveal() == "s3cret");
  std::remove(path.c_str());

  const auto bad = errors_of("admin:\n  read_token: s3cret${SB_TEST_NONE}\n  operate_token: file:/no/such\n");
  REQUIRE(bad.size() == 2);
  CHECK(bad[0].message.find("SB_TEST_NONE is not set") != std::string::npos);
  CHECK(bad[1].message.find("cannot read the file /no/such") != std::string::npos);
  CHECK(to_text(bad).find("s3cret") == std::string::npos);
}

TEST_CASE("logs are files beside the configuration, unless a word says otherwise") {
  const auto loaded = load("actions: {audit_log: audit.log}\nobservability: {log_output: logs/syslog}\n",
                           "/etc/signalbox/signalbox.yaml");
  REQUIRE(loaded);
  CHECK(loaded->actions.audit_log == "/etc/signalbox/audit.log");
  CHECK(loaded->observability.log_output == "/etc/signalbox/logs/syslog");
  for (const char* word : {"stdout", "syslog", "/var/log/audit.log"}) {
    const auto kept = load("actions: {audit_log: " + std::string(word) + "}\n", "/etc/signalbox.yaml");
    REQUIRE(kept);
    CHECK(kept->actions.audit_log == word);
    CHECK(kept->observability.log_output == "stderr");
  }
}

TEST_CASE("print: what is printed loads again to the same, but for secrets, which are masked") {
  auto config = load(kSmall, "/etc/sb/signalbox.yaml");
  REQUIRE(config);
  config->admin.read_token = Secret("hunter2");
  const std::string yaml = as_yaml(*config);
  CHECK(yaml.find("hunter2") == std::string::npos);
  CHECK(yaml.find("read_token: \"********\"") != std::string::npos);
  auto again = load(yaml, "/elsewhere/x.yaml");
  REQUIRE(again);
  CHECK(as_yaml(*again) == yaml);
}

TEST_CASE("every default is of its key's type, and every key is documented") {
  Config config = defaults();
  for (const auto& section : sections()) {
    if (section.shape == Shape::List) section.append(config);
    const auto elements = section.elements(config);
    for (const auto& key : elements.front()) {
      INFO(section.name << "." << key.name);
      CHECK(key.doc.ends_with("."));
    }
  }
}

TEST_CASE("the schema is JSON and names every key") {
  const auto schema = nlohmann::json::parse(json_schema());
  CHECK(
      schema["properties"]["listeners"]["items"]["properties"]["tls"]["properties"]["mode"]["enum"].size() ==
      3);
  CHECK(schema["properties"]["limits"]["properties"]["connections"]["default"] == 10000);
}

TEST_CASE("docs/configuration.md is what the tables say") {
  std::ifstream in(SIGNALBOX_SOURCE_DIR "/docs/configuration.md");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  INFO("regenerate: signalbox config schema -o markdown > docs/configuration.md");
  CHECK(text == as_markdown());
}

TEST_CASE("a directory is no file, wherever one is wanted") {
  const auto loaded = load_file(std::filesystem::temp_directory_path());
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().front().code == "config_unreadable");
  Config config;
  config.gateway.scram_file = std::filesystem::temp_directory_path();
  config.gateway.threads = 4'000'000'000;
  std::string said;
  for (const Diagnostic& one : validate(config)) said += one.message + '\n';
  CHECK(said.find("gateway.scram_file: there is no file") != std::string::npos);
  CHECK(said.find("gateway.threads and actions.runners are at most 1024") != std::string::npos);
}

TEST_CASE("values that do not go together") {
  const auto first = [](std::string_view text) {
    const auto config = load(text, "x.yaml");
    REQUIRE(config);
    const auto bad = validate(*config);
    return bad.empty() ? std::string("fine") : bad.front().message;
  };
  const std::string ends = "listeners: [{address: \"127.0.0.1:1\"}]\ntargets: [{address: \"127.0.0.1:2\"}]\n";
  CHECK(first(ends) == "fine");
  CHECK(first("") == "there is no listener");
  CHECK(first("listeners: [{address: \"h:1\"}, {address: \"h:2\"}]\ntargets: [{address: \"h:3\"}]")
            .find("two are named \"main\"") != std::string::npos);
  CHECK(first("listeners: [{address: \"h:1\", tls: {mode: require}}]\ntargets: [{address: \"h:3\"}]")
            .find("needs tls.certificate") != std::string::npos);
  CHECK(first(ends + "policy: {directory: /no/such}").find("is neither a directory nor a bundle") !=
        std::string::npos);
  CHECK(first(ends + "admin: {address: \"0.0.0.0:8090\"}").find("no token is set") != std::string::npos);
  CHECK(first(ends + "admin: {address: \"0.0.0.0:8090\", read_token: x}") == "fine");
}

TEST_CASE("a reload tells which changes wait for a restart") {
  auto before = load(kSmall, "x.yaml");
  auto after =
      load(kSmall + "observability: {log_level: debug}\nadmin: {address: \"127.0.0.1:1\"}\n", "x.yaml");
  REQUIRE((before && after));
  CHECK(restart_needed(*before, *after) == std::vector<std::string>{"admin.address"});
}
