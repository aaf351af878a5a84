// One function an action, each in the file of its name. catalog/list.cpp is the list of what this build
// offers.
#pragma once

#include <array>

#include "actions/spec.h"

namespace signalbox::actions::catalog {

ActionSpec allow();
ActionSpec deny();
ActionSpec disconnect();
ActionSpec error();
ActionSpec log();
ActionSpec reject();
ActionSpec reset();
ActionSpec terminate();
ActionSpec webhook();

/// What every ErrorResponse of the gateway's can say.
inline constexpr ParameterSpec kSqlState = {.name = "sqlstate",
                                            .type = ParameterType::SqlState,
                                            .summary = "SQLSTATE of the error",
                                            .fallback = "42501"};
inline constexpr ParameterSpec kMessage = {.name = "message",
                                           .summary = "primary message, one line",
                                           .fallback = "not allowed by policy",
                                           .templated = true};
inline constexpr ParameterSpec kDetail = {
    .name = "detail", .summary = "secondary message", .templated = true};
inline constexpr ParameterSpec kHint = {.name = "hint", .summary = "what to do about it", .templated = true};

/// Where there is a client to be told something.
inline constexpr HookSet kAnswerableHooks = kOpeningHooks | kRequestHooks;

}  // namespace signalbox::actions::catalog
