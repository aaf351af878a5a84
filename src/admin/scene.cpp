// Reading scenes, member by member. A mistake is thrown where it is found and collects the members that lead
// to it on its way out.
#include "admin/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_depth.h"
#include "policy/builtins/go/time.h"
#include "proxy/signals/list.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

struct Malformed {
  SceneMistake mistake;
};

[[noreturn]] void malformed(std::string message) {
  throw Malformed{{std::move(message), {}}};
}

const Json& object_of(const Json& value, std::string_view name) {
  if (!value.is_object()) malformed(fmt::format("{} is an object", name));
  return value;
}

std::string text_of(const Json& value, std::string_view name) {
  if (!value.is_string()) malformed(fmt::format("{} is a string", name));
  return value.get<std::string>();
}

template <class Take>
void at_member(const std::string& name, Take take) {
  try {
    take();
  } catch (Malformed& bad) {
    bad.mistake.path.insert(bad.mistake.path.begin(), name);
    throw;
  }
}

template <class Take>
void for_each_member(const Json& object, std::string_view of, Take take) {
  for (const auto& [name, value] : object_of(object, of).items()) {
    at_member(name, [&] {
      if (!take(name, value)) malformed(fmt::format("{} has no member \"{}\"", of, name));
    });
  }
}

std::vector<std::pair<std::string, std::string>> pairs_of(const Json& value, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, text] : object_of(value, name).items())
    at_member(key, [&] { out.emplace_back(key, text_of(text, name)); });
  return out;
}

proxy::Transaction transaction_of(const std::string& word) {
  if (word == "idle") return proxy::Transaction::Idle;
  if (word == "active") return proxy::Transaction::Active;
  if (word == "failed") return proxy::Transaction::Failed;
  malformed("session.transaction is idle, active or failed");
}

void read_session(const Json& value, proxy::SessionFacts& session) {
  for_each_member(value, "session", [&](const std::string& name, const Json& v) {
    if (name == "user") return session.user = text_of(v, "session.user"), true;
    if (name == "database") return session.database = text_of(v, "session.database"), true;
    if (name == "application_name")
      return session.application_name = text_of(v, "session.application_name"), true;
    if (name == "parameters") return session.parameters = pairs_of(v, "session.parameters"), true;
    if (name == "tags") return session.tags = pairs_of(v, "session.tags"), true;
    if (name != "transaction") return false;
    session.transaction = transaction_of(text_of(v, "session.transaction"));
    return true;
  });
}

void read_client(const Json& value, proxy::ClientFacts& client) {
  for_each_member(value, "client", [&](const std::string& name, const Json& v) {
    if (name == "address") return client.address = text_of(v, "client.address"), true;
    if (name == "listener") return client.listener = text_of(v, "client.listener"), true;
    return false;
  });
}

void read_server(const Json& value, proxy::ServerFacts& server) {
  for_each_member(value, "server", [&](const std::string& name, const Json& v) {
    if (name == "target") return server.target = text_of(v, "server.target"), true;
    if (name == "address") return server.address = text_of(v, "server.address"), true;
    if (name == "version") return server.version = text_of(v, "server.version"), true;
    if (name == "role") return server.role = text_of(v, "server.role"), true;
    return false;
  });
}

void read_hook(const std::string& word, Scene& scene) {
  const auto hook = actions::hook_named(word);
  if (!hook) malformed(fmt::format("there is no hook \"{}\"", word));
  scene.hook = *hook;
}

void read_protocol(const std::string& word, Scene& scene) {
  if (word == "simple") return void(scene.protocol = proxy::QueryProtocol::Simple);
  if (word == "extended") return void(scene.protocol = proxy::QueryProtocol::Extended);
  if (word == "function_call") return void(scene.protocol = proxy::QueryProtocol::FunctionCall);
  malformed("protocol is simple, extended or function_call");
}

std::int64_t time_of(const std::string& text) {
  const auto time = policy::go::parse_time(policy::go::kRfc3339, text);
  if (!time || std::abs(time->seconds) > 9'000'000'000)
    malformed(fmt::format("\"{}\" is no time, such as 2026-12-24T12:00:00Z", text));
  return time->seconds * 1'000'000'000 + time->nanoseconds;
}

/// What a driver would bind for a value of this kind: OIDs of int8, float8 and bool; texts have no type.
SceneParameter parameter_of(const Json& value) {
  if (value.is_null()) return {.null = true, .value = {}};
  if (value.is_string()) return {.value = value.get<std::string>()};
  if (value.is_boolean()) return {.type = 16, .value = value.get<bool>() ? "t" : "f"};
  if (value.is_number_integer()) return {.type = 20, .value = value.dump()};
  if (value.is_number()) return {.type = 701, .value = value.dump()};
  SceneParameter out;
  for_each_member(value, "a parameter", [&](const std::string& name, const Json& v) {
    if (name == "value") {
      const std::uint32_t told = out.type;
      if (v.is_structured()) malformed("value is a text, a number, a boolean or null");
      out = parameter_of(v);
      if (told != 0) out.type = told;
      return true;
    }
    if (name != "type") return false;
    if (!v.is_number_unsigned()) malformed("type is the number (OID) of a type");
    out.type = v.get<std::uint32_t>();
    return true;
  });
  return out;
}

void read_parameters(const Json& value, Scene& scene) {
  if (!value.is_array()) malformed("parameters is a list");
  scene.protocol = proxy::QueryProtocol::Extended;
  for (std::size_t i = 0; i < value.size(); ++i)
    at_member(std::to_string(i), [&] { scene.parameters.push_back(parameter_of(value[i])); });
}

const proxy::Detector* detector_named(std::string_view name) {
  const auto all = proxy::detectors();
  const auto at = std::ranges::find(all, name, &proxy::Detector::name);
  return at == all.end() ? nullptr : *at;
}

/// {"terminate": true} or {"terminate": {"value": true, ...}}.
void read_signals(const Json& value, Scene& scene) {
  for (const auto& [name, signal] : object_of(value, "signals").items()) {
    at_member(name, [&] {
      Json whole = signal.is_object() ? signal : Json{{"value", signal}};
      const proxy::Detector* detector = detector_named(name);
      if (detector != nullptr && detector->memory == nullptr)
        malformed(fmt::format("the signal {} is computed from the event", name));
      if (detector == nullptr && !whole.contains("source")) whole["source"] = "rehearsal";
      (detector == nullptr ? scene.signals : scene.told)
          .push_back({.name = name, .json = whole.dump(-1, ' ', false, Json::error_handler_t::replace)});
    });
  }
}

Scene scene_of(const Json& document) {
  Scene scene;
  for_each_member(document, "the request", [&](const std::string& name, const Json& v) {
    if (name == "statement") return scene.statement = text_of(v, "statement"), true;
    if (name == "hook") return read_hook(text_of(v, "hook"), scene), true;
    if (name == "time") return scene.time_ns = time_of(text_of(v, "time")), true;
    if (name == "protocol") return read_protocol(text_of(v, "protocol"), scene), true;
    if (name == "parameters") return read_parameters(v, scene), true;
    if (name == "prepared") return scene.prepared = pairs_of(v, "prepared"), true;
    if (name == "cursors") return scene.cursors = pairs_of(v, "cursors"), true;
    if (name == "session") return read_session(v, scene.session), true;
    if (name == "client") return read_client(v, scene.client), true;
    if (name == "server") return read_server(v, scene.server), true;
    if (name == "signals") return read_signals(v, scene), true;
    if (name == "policy") return scene.policy = text_of(v, "policy"), true;
    return false;
  });
  return scene;
}

}  // namespace

std::expected<Scene, SceneMistake> read_scene(const Json& description) {
  try {
    return scene_of(description);
  } catch (Malformed& bad) {
    return std::unexpected(std::move(bad.mistake));
  }
}

Result<Scene> scene_from_json(std::string_view json) {
  const Json document = Json::parse(if_shallow(json), nullptr, false);
  if (document.is_discarded()) return fail(ErrorCode::InvalidArgument, "the body is not JSON");
  auto scene = read_scene(document);
  if (!scene) return fail(ErrorCode::InvalidArgument, std::move(scene.error().message));
  return std::move(*scene);
}

}  // namespace signalbox::admin
