// Route: one row of the table that the router, the OpenAPI document and the documentation are made from.
// A resource is one file in routes/ that returns its rows; routes.cpp lists the files.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/context.h"
#include "admin/http.h"

namespace signalbox::admin {

struct QueryParameter {
  std::string_view name;
  std::string_view type;  ///< "string", "integer", "boolean"
  std::string_view doc;
};

using Handler = Response (*)(const Context& context, const Request& request);

struct Route {
  Method method = Method::Get;
  /// "/gateway/v1/sessions/{id}"; "{path...}" takes all remaining segments, also none.
  std::string_view pattern;
  Role role = Role::Read;
  std::string_view summary;
  Handler handler = nullptr;
  std::vector<QueryParameter> query = {};
  std::string_view request_schema = {};   ///< JSON Schema of the body, as JSON text; "" = no body
  std::string_view response_schema = {};  ///< of the answer 200; "" = any document
  /// Something changes: audited.
  bool mutates() const { return method != Method::Get && role >= Role::Operate; }
};

/// Every route, in the order of the documentation.
std::span<const Route> routes();

/// The document served at /openapi.json.
std::string openapi_json(std::string_view version);

}  // namespace signalbox::admin
