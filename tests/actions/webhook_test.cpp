// Webhooks against a real listener: what is sent, how answers are read, what a hostile sink can do.
#include "actions/lanes/webhook.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "actions/interlock.h"
#include "actions/lanes/dispatch.h"
#include "actions/store/job_reader.h"
#include "actions/support/decisions.h"
#include "actions/support/http_listener.h"
#include "actions/support/lane_fixture.h"
#include "actions/support/temporary_directory.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::actions;
using namespace std::chrono_literals;
using testing::HeardRequest;
using testing::HttpListener;
using testing::Reply;

namespace {

const SystemClock kClock;

struct Recorder {
  std::mutex mutex;
  std::vector<HeardRequest> heard;
  std::vector<HeardRequest> all() {
    const std::lock_guard lock(mutex);
    return heard;
  }
};

Attempt run(const std::string& arguments, std::uint32_t timeout_ms = 2000, WebhookOptions options = {}) {
  const auto handler = webhook_handler(std::move(options), kClock);
  Job job;
  job.id = *Id::from_text("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  job.arguments = arguments;
  job.timeout_ms = timeout_ms;
  job.attempt = 2;
  return handler->run(job, {});
}

std::string arguments_for(const std::string& url, const std::string& rest = "") {
  return R"({"url":")" + url + R"(","method":"POST","body":"{\"a\":1}")" + rest + "}";
}

}  // namespace

TEST_CASE("the signature is the one of the Standard Webhooks scheme") {
  // HMAC-SHA256("key", "msg.1.{}") made with: printf 'msg.1.{}' | openssl dgst -sha256 -hmac key -binary |
  // base64
  CHECK(webhook_signature("key", "msg", "1", "{}") == "v1,VXpyVGOoxULcmU0S3bPQiNWEXqcjjs6ObOAKC5Sbeis=");
}

TEST_CASE("a webhook carries id, timestamp, attempt, key, signature and named secrets") {
  Recorder recorder;
  HttpListener listener([&](const HeardRequest& request) {
    const std::lock_guard lock(recorder.mutex);
    recorder.heard.push_back(request);
    return Reply{.status = 201, .body = R"({"ticket":7})", .content_type = "application/json"};
  });
  WebhookOptions options;
  options.secrets = {{"soc", "topsecret"}, {"token", "Bearer abc"}};
  const Attempt attempt =
      run(arguments_for(listener.url("/in?x=1"),
                        R"(,"secret":"soc","headers":{"Authorization":"secret:token","X-A":"b"})"),
          2000, options);
  CHECK(attempt.outcome == Attempt::Outcome::Done);
  CHECK(attempt.value == R"({"status":201,"body":{"ticket":7}})");
  const auto heard = recorder.all();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].method == "POST");
  CHECK(heard[0].path == "/in");
  CHECK(heard[0].body == R"({"a":1})");
  auto headers = heard[0].headers;
  CHECK(headers["webhook-id"] == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  CHECK(headers["idempotency-key"] == headers["webhook-id"]);
  CHECK(headers["webhook-attempt"] == "2");
  CHECK(headers["authorization"] == "Bearer abc");
  CHECK(headers["x-a"] == "b");
  CHECK(headers["content-type"] == "application/json");
  CHECK(headers["webhook-signature"] ==
        webhook_signature("topsecret", headers["webhook-id"], headers["webhook-timestamp"], heard[0].body));
}

TEST_CASE("answers are success, worth another try, or permanent") {
  int status = 200;
  HttpListener listener([&](const HeardRequest&) {
    return Reply{.status = status, .body = "x", .headers = {{"Retry-After", "7"}}};
  });
  const auto outcome = [&](int with) {
    status = with;
    return run(arguments_for(listener.url())).outcome;
  };
  for (const int ok : {200, 202, 299}) CHECK(outcome(ok) == Attempt::Outcome::Done);
  for (const int again : {408, 425, 429, 500, 503}) CHECK(outcome(again) == Attempt::Outcome::Retry);
  for (const int never : {301, 302, 400, 401, 404, 410}) CHECK(outcome(never) == Attempt::Outcome::Fail);
  status = 503;
  const Attempt attempt = run(arguments_for(listener.url()));
  CHECK(attempt.not_before == 7s);
  CHECK(attempt.sink_trouble);
}

TEST_CASE("a sink that is not there, or drips, costs its time-out and no more") {
  Attempt attempt = run(arguments_for("http://127.0.0.1:1/"));
  CHECK(attempt.outcome == Attempt::Outcome::Retry);
  CHECK(attempt.error == "http://127.0.0.1:1: cannot connect");
  CHECK(attempt.sink_trouble);
  testing::DrippingListener dripping;
  const auto begun = std::chrono::steady_clock::now();
  attempt = run(arguments_for(dripping.url()), 300);
  CHECK(attempt.outcome == Attempt::Outcome::Retry);
  CHECK(std::chrono::steady_clock::now() - begun < 3s);
}

TEST_CASE("a request asked to stop returns soon") {
  testing::DrippingListener dripping;
  const auto handler = webhook_handler({}, kClock);
  Job job;
  job.arguments = arguments_for(dripping.url());
  job.timeout_ms = 60'000;
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  const Attempt attempt = handler->run(job, stop.get_token());
  stopper.join();
  CHECK(attempt.outcome == Attempt::Outcome::Retry);
  CHECK_FALSE(attempt.sink_trouble);
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("a long answer is cut off, one that is no JSON is a string") {
  HttpListener listener([](const HeardRequest&) { return Reply{.body = std::string(1 << 20, 'x')}; });
  const Attempt attempt = run(arguments_for(listener.url()));
  REQUIRE(attempt.outcome == Attempt::Outcome::Done);
  CHECK(attempt.value.size() < 70'000);
  CHECK(nlohmann::json::parse(attempt.value)["body"].get<std::string>().size() == 64 * 1024);
}

TEST_CASE("what cannot be sent is dead at once, and nothing is injected") {
  const std::string url = "http://127.0.0.1:1/";
  for (const std::string& arguments :
       {std::string("not json"), std::string("{}"), arguments_for("ftp://x/"),
        arguments_for(url, R"(,"secret":"none")"), arguments_for(url, R"(,"headers":{"A":"secret:none"})"),
        arguments_for(url, R"(,"headers":{"A\r\nB":"x"})"),
        arguments_for(url, R"(,"headers":{"A":"x\r\nB: y"})")}) {
    INFO(arguments);
    CHECK(run(arguments).outcome == Attempt::Outcome::Fail);
  }
}

TEST_CASE(
    "from plan to listener: the first try fails, the second arrives with the same bytes, the result comes "
    "back") {
  testing::TemporaryDirectory directory;
  Recorder recorder;
  HttpListener listener([&](const HeardRequest& request) {
    const std::lock_guard lock(recorder.mutex);
    recorder.heard.push_back(request);
    return Reply{.status = recorder.heard.size() == 1 ? 500 : 200, .body = "ok"};
  });
  AsyncLaneOptions options;
  options.directory = directory.path();
  options.runners = 2;
  options.retry = {.base = 1ms, .cap = 5ms};
  LaneParts parts;
  parts.handlers.push_back(webhook_handler({}, kClock));
  std::atomic<int> results = 0;
  parts.on_result = [&](JobResult result) { results += result.ok && result.attempts == 2 ? 1 : 100; };
  auto lane = AsyncLane::open(options, std::move(parts), kClock).value();
  const auto decision =
      testing::decision_of({R"({"action": "webhook", "url": ")" + listener.url() +
                            R"(", "result": true, "body": {"who": "{{ session.user }}", "n": 1}})"});
  const Plan plan = interlock(decision, Hook::TrafficFromClient, {});
  class User final : public Facts {
    bool append_json(std::string_view path, std::string& out) const override {
      if (path != "session.user") return false;
      out += R"("o'\"brien")";
      return true;
    }
  };
  Producer& producer = lane->producer();
  const DispatchContext context{.origin = {.session = 1, .decision = producer.next_id()},
                                .now_ns = kClock.wall_ns()};
  REQUIRE(queue_async(plan, decision, User(), context, producer) == Push::Taken);
  REQUIRE(testing::eventually([&] { return results == 1; }));
  const auto heard = recorder.all();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].body == R"({"n":1,"who":"o'\"brien"})");
  CHECK(heard[1].body == heard[0].body);
  CHECK(heard[1].headers.at("idempotency-key") == heard[0].headers.at("idempotency-key"));
}
