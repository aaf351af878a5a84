// The runner of `webhook` jobs: a signed HTTP request. What it sends and how answers are read is in
// docs/actions.md.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "actions/lanes/http_client.h"
#include "actions/lanes/job_handler.h"
#include "base/clock.h"

namespace signalbox::actions {

struct WebhookOptions {
  /// Signing secrets and header values by name; policies and stored jobs hold only the names.
  std::map<std::string, std::string, std::less<>> secrets;
  HttpClientOptions http;
};

std::unique_ptr<JobHandler> webhook_handler(WebhookOptions options, const Clock& clock);

/// "v1,<base64 of HMAC-SHA256(secret, id.timestamp.body)>".
std::string webhook_signature(std::string_view secret, std::string_view id, std::string_view timestamp,
                              std::string_view body);

}  // namespace signalbox::actions
