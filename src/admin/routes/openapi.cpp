// /openapi.json: the table of routes as an OpenAPI 3.1 document.
#include <nlohmann/json.hpp>

#include "admin/reply.h"
#include "admin/routes/list.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

// "{path...}" is no OpenAPI template: it becomes "{path}", and the parameter says that it may hold slashes.
std::string template_of(std::string_view pattern) {
  std::string out(pattern);
  if (const auto dots = out.find("...}"); dots != std::string::npos) out.erase(dots, 3);
  return out;
}

Json parameters_of(const Route& route) {
  Json list = Json::array();
  for (std::size_t at = 0; (at = route.pattern.find('{', at)) != std::string_view::npos; ++at) {
    std::string_view name = route.pattern.substr(at + 1, route.pattern.find('}', at) - at - 1);
    const bool tail = name.ends_with("...");
    if (tail) name.remove_suffix(3);
    Json parameter{{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}};
    if (tail) parameter["description"] = "May hold slashes, and may be empty.";
    list.push_back(std::move(parameter));
  }
  for (const auto& query : route.query) {
    list.push_back({{"name", query.name},
                    {"in", "query"},
                    {"description", query.doc},
                    {"schema", {{"type", query.type}}}});
  }
  return list;
}

Json schema_of(std::string_view text) {
  return text.empty() ? Json::object() : Json::parse(text);
}

Json content(std::string_view schema, std::string_view type = "application/json") {
  return {{type, {{"schema", schema_of(schema)}}}};
}

Json operation_of(const Route& route) {
  const bool text = route.pattern == "/metrics";
  Json responses{{"200",
                  {{"description", "Done."},
                   {"content", content(route.response_schema, text ? "text/plain" : "application/json")}}}};
  responses["default"] = {
      {"description", "An error."},
      {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
  Json operation{{"summary", route.summary}};
  if (auto parameters = parameters_of(route); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  if (!route.request_schema.empty()) operation["requestBody"] = {{"content", content(route.request_schema)}};
  operation["responses"] = std::move(responses);
  operation["security"] = Json::array();
  if (route.role != Role::Anyone) operation["security"].push_back({{"token", Json::array()}});
  operation["x-role"] = name_of(route.role);
  return operation;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c | 0x20);
  return out;
}

Response serve(const Context& context, const Request&) {
  return reply_text(openapi_json(context.version));
}

}  // namespace

std::string openapi_json(std::string_view version) {
  Json document{
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "signalbox admin API"},
        {"version", version},
        {"description",
         "OPA's REST API under /v1, the gateway's own under /gateway/v1. Reading never changes anything; "
         "changes are POST, need the role operate, and are logged."}}},
      {"paths", Json::object()}};
  for (const Route& route : routes()) {
    document["paths"][template_of(route.pattern)][lower(name_of(route.method))] = operation_of(route);
  }
  document["components"] = {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
                            {"schemas",
                             {{"Error",
                               {{"type", "object"},
                                {"required", {"code", "message"}},
                                {"properties",
                                 {{"code", {{"type", "string"}}},
                                  {"message", {{"type", "string"}}},
                                  {"errors", {{"type", "array"}, {"items", {{"type", "object"}}}}}}}}}}}};
  return document.dump(1);
}

std::vector<Route> openapi_routes() {
  return {
      {Method::Get, "/openapi.json", Role::Anyone, "This document.", serve, {}, {}, R"({"type": "object"})"}};
}

}  // namespace signalbox::admin
