// Answers.
#include "admin/reply.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace signalbox::admin {

using Json = nlohmann::ordered_json;

Response reply(const Json& body, int status) {
  return {status, body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

Response reply_text(std::string json, int status) {
  return {status, std::move(json) + "\n"};
}

Response refuse(int status, std::string_view code, std::string_view message) {
  return reply({{"code", code}, {"message", message}}, status);
}

Response refuse(int status, std::string_view code, std::string_view message, const Diagnostics& errors) {
  Json list = Json::array();
  for (const auto& error : errors) {
    list.push_back({{"code", error.code},
                    {"message", error.message},
                    {"location", {{"file", error.at.file}, {"row", error.at.row}, {"col", error.at.col}}}});
  }
  return reply({{"code", code}, {"message", message}, {"errors", std::move(list)}}, status);
}

Response refuse(const Error& error) {
  switch (error.code) {
    case ErrorCode::InvalidArgument: return refuse(400, kInvalidParameter, error.message);
    case ErrorCode::NotFound: return refuse(404, kNotFound, error.message);
    case ErrorCode::Unavailable:
    case ErrorCode::Timeout:
    case ErrorCode::LimitExceeded: return refuse(503, kInternalError, error.message);
    default: return refuse(500, kInternalError, error.message);
  }
}

Json as_json(const Diagnostic& d) {
  Json out{
      {"file", d.at.file}, {"row", d.at.row}, {"col", d.at.col}, {"code", d.code}, {"message", d.message}};
  out["severity"] = d.severity == Severity::Error ? "error" : "warning";
  if (!d.hint.empty()) out["hint"] = d.hint;
  return out;
}

std::string time_text(std::int64_t wall_ns) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(wall_ns / 1'000'000'000),
                     wall_ns % 1'000'000'000 / 1000);
}

}  // namespace signalbox::admin
