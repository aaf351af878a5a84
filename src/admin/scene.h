// Scene: an event that is only described: what a session is, what it sends, and what was raised. What a
// rehearsal plays, and the form in which people write one down: JSON, or YAML in tests of policies.
#pragma once

#include <cstdint>
#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "proxy/hooks/event.h"

namespace signalbox::admin {

/// A value bound to $n, in text format.
struct SceneParameter {
  std::uint32_t type = 0;  ///< OID; 0 = not told
  bool null = false;
  std::string value;
};

struct Scene {
  actions::Hook hook = actions::Hook::TrafficFromClient;
  std::int64_t time_ns = 0;  ///< 0: now
  std::string statement;
  proxy::QueryProtocol protocol = proxy::QueryProtocol::Simple;
  std::vector<SceneParameter> parameters;
  std::vector<std::pair<std::string, std::string>> prepared;  ///< name, SQL: what EXECUTE may run
  std::vector<std::pair<std::string, std::string>> cursors;   ///< name, SQL: what FETCH may read
  proxy::GatewayFacts gateway;
  proxy::ClientFacts client;
  proxy::ServerFacts server;
  proxy::SessionFacts session;
  std::vector<proxy::RaisedSignal> signals;  ///< as plugins would raise them
  std::vector<proxy::RaisedSignal> told;     ///< of detectors that remember, which have seen nothing here
  std::string policy;                        ///< only what this one asks for counts; "" = all
};

/// What is wrong with a description, and where: the members that lead to it.
struct SceneMistake {
  std::string message;
  std::vector<std::string> path;
};

/// Reads {"statement": ..., "hook"?, "protocol"?, "time"?: RFC 3339, "parameters"?: [VALUE or {"type",
/// "value"}], "prepared"?: {NAME: SQL}, "cursors"?: {NAME: SQL}, "session"?: {"user", "database",
/// "application_name", "transaction", "parameters", "tags"}, "client"?: {"address", "listener"}, "server"?:
/// {"target", ...}, "signals"?: {NAME: VALUE}, "policy"?}. Unknown members are errors: a misspelled one would
/// rehearse something else.
std::expected<Scene, SceneMistake> read_scene(const nlohmann::ordered_json& description);
Result<Scene> scene_from_json(std::string_view json);

}  // namespace signalbox::admin
