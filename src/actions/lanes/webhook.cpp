// The job's arguments are {url, method, headers, body, secret, timeout_ms}; body is the final text, made when
// the job was queued, so that every attempt sends the same bytes. A header value "secret:NAME" is looked up
// here, at the last moment.
#include "actions/lanes/webhook.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>

#include "actions/json_text.h"
#include "actions/parameter_syntax.h"
#include "base/clock.h"
#include "base/json_depth.h"

namespace signalbox::actions {

namespace {

using Json = nlohmann::json;
constexpr std::string_view kSecretPrefix = "secret:";

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

/// Seconds, or an HTTP date (RFC 9110, 10.2.3).
std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& text, std::int64_t now_ns) {
  if (text.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size()) {
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 86'400));
  }
  std::tm date{};
  if (::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return std::nullopt;
  return std::chrono::seconds(std::clamp<std::int64_t>(::timegm(&date) - now_ns / 1'000'000'000, 0, 86'400));
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  const auto ok = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != kOthers.npos;
  };
  return !text.empty() && std::ranges::all_of(text, ok);
}

bool is_header_value(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; });
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

class WebhookHandler final : public JobHandler {
 public:
  WebhookHandler(WebhookOptions options, const Clock& clock)
      : secrets_(std::move(options.secrets)), http_(std::move(options.http)), clock_(clock) {}

  std::string_view action() const override { return "webhook"; }

  Attempt run(const Job& job, const std::stop_token& stop) override {
    auto request = request_of(job);
    if (!request) return Attempt::failed(request.error().message);
    const auto answer = http_.send(*request, stop);
    if (!answer) {
      Attempt attempt = Attempt::again(answer.error().message);
      attempt.sink_trouble = answer.error().code != ErrorCode::Cancelled;
      return attempt;
    }
    return judge(*answer);
  }

 private:
  Result<std::string> secret_named(std::string_view name) const {
    const auto found = secrets_.find(name);
    if (found == secrets_.end())
      return fail(ErrorCode::NotFound, fmt::format("there is no secret named {}", name));
    return found->second;
  }

  Result<HttpRequest> request_of(const Job& job) const {
    const Json arguments = Json::parse(job.arguments, nullptr, false);
    HttpRequest request;
    request.url = text_of(arguments, "url");
    if (!arguments.is_object() || !is_http_url(request.url))
      return fail(ErrorCode::InvalidArgument, "no usable url");
    if (const auto method = text_of(arguments, "method"); !method.empty()) request.method = method;
    request.body = text_of(arguments, "body");
    request.timeout = std::chrono::milliseconds(job.timeout_ms);
    if (auto added = add_headers(arguments, request); !added) return std::unexpected(added.error());
    const std::string id = job.id.to_text();
    const std::string timestamp = std::to_string(clock_.wall_ns() / 1'000'000'000);
    request.headers.emplace_back("webhook-id", id);
    request.headers.emplace_back("webhook-timestamp", timestamp);
    request.headers.emplace_back("webhook-attempt", std::to_string(job.attempt));
    request.headers.emplace_back("Idempotency-Key", id);
    request.headers.emplace_back("User-Agent", "signalbox");
    if (const auto name = text_of(arguments, "secret"); !name.empty()) {
      auto secret = secret_named(name);
      if (!secret) return std::unexpected(secret.error());
      request.headers.emplace_back("webhook-signature",
                                   webhook_signature(*secret, id, timestamp, request.body));
    }
    return request;
  }

  Result<void> add_headers(const Json& arguments, HttpRequest& request) const {
    const auto headers = arguments.find("headers");
    if (headers == arguments.end() || !headers->is_object()) return {};
    for (const auto& [name, value] : headers->items()) {
      std::string text = value.is_string() ? value.get<std::string>() : std::string();
      if (text.starts_with(kSecretPrefix)) {
        auto secret = secret_named(std::string_view(text).substr(kSecretPrefix.size()));
        if (!secret) return std::unexpected(secret.error());
        text = *secret;
      }
      if (!is_token(name) || !is_header_value(text))
        return fail(ErrorCode::InvalidArgument, "header " + name + " is not valid");
      std::string lower(name);
      std::ranges::transform(lower, lower.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      if (lower == "content-type") {
        request.content_type = text;
      } else if (lower != "content-length" && lower != "transfer-encoding" && lower != "host") {
        request.headers.emplace_back(name, text);
      }
    }
    return {};
  }

  Attempt judge(const HttpResponse& answer) const {
    if (answer.status >= 200 && answer.status < 300) return Attempt::done(result_json(answer));
    const std::string error = fmt::format("status {}", answer.status);
    const bool again =
        answer.status == 408 || answer.status == 425 || answer.status == 429 || answer.status >= 500;
    if (!again) return Attempt::failed(error);
    Attempt attempt = Attempt::again(error);
    attempt.not_before = parse_retry_after(answer.retry_after, clock_.wall_ns());
    attempt.sink_trouble = true;
    return attempt;
  }

  static std::string result_json(const HttpResponse& answer) {
    std::string out;
    {
      JsonObject object(out);
      object.number("status", answer.status);
      if (!answer.body.empty()) {
        // JSON goes in as JSON, anything else as a string.
        const Json body = answer.content_type.find("json") == std::string::npos
                              ? Json(Json::value_t::discarded)
                              : Json::parse(if_shallow(answer.body, kDeepestJson / 2), nullptr, false);
        if (body.is_discarded()) {
          object.text("body", answer.body);
        } else {
          object.raw("body", body.dump(-1, ' ', false, Json::error_handler_t::replace));
        }
      }
    }
    return out;
  }

  const std::map<std::string, std::string, std::less<>> secrets_;
  HttpClient http_;
  const Clock& clock_;
};

}  // namespace

std::string webhook_signature(std::string_view secret, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  const std::string signed_text = fmt::format("{}.{}.{}", id, timestamp, body);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), digest, &length);
  return "v1," + base64({reinterpret_cast<const char*>(digest), length});
}

std::unique_ptr<JobHandler> webhook_handler(WebhookOptions options, const Clock& clock) {
  return std::make_unique<WebhookHandler>(std::move(options), clock);
}

}  // namespace signalbox::actions
