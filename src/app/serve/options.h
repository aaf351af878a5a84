// From the configuration to the options of each part. Pure.
#pragma once

#include <optional>

#include "actions/lanes/async_lane.h"
#include "actions/lanes/webhook.h"
#include "actions/traces/exporter.h"
#include "admin/server.h"
#include "app/config/config.h"
#include "app/policies/library.h"
#include "base/log.h"
#include "proxy/gateway_options.h"

namespace signalbox::app {

PolicyLocation policy_location(const PolicyConfig& config);
/// What policies may do when they are loaded, beyond what any may.
policy::LoadOptions policy_loading(const PolicyConfig& config);
proxy::GatewayOptions gateway_options(const Config& config);
/// The directory is the configured one; empty stays empty.
actions::AsyncLaneOptions lane_options(const Config& config);
actions::WebhookOptions webhook_options(const Config& config);
/// nullopt: no traces are made.
std::optional<actions::TraceOptions> trace_options(const Config& config);
admin::ServerOptions server_options(const Config& config);
log::Options log_options(const Config& config);

}  // namespace signalbox::app
