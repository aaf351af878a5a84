// One function an action, each in the file of its name. catalog/list.cpp is the list of what this build
// offers.
#pragma once

#include <array>

#include "actions/spec.h"

namespace signalbox::actions::catalog {

ActionSpec allow();
ActionSpec block();
ActionSpec create();
ActionSpec deny();
ActionSpec discard();
ActionSpec disconnect();
ActionSpec error();
ActionSpec fallthrough();
ActionSpec forward();
ActionSpec limit();
ActionSpec log();
ActionSpec noset();
ActionSpec police();
ActionSpec reauth();
ActionSpec reject();
ActionSpec request();
ActionSpec reset();
ActionSpec route();
ActionSpec set();
ActionSpec response();
ActionSpec tag();
ActionSpec terminate();
ActionSpec transmit();
ActionSpec upgrade();
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

/// What a sync action that could not be carried out means for the message.
inline constexpr std::string_view kOnErrorChoices[] = {"deny", "continue"};
inline constexpr ParameterSpec kOnError = {
    .name = "on_error",
    .type = ParameterType::Name,
    .summary = "what it means when the action itself fails: refuse the message, or go on without it",
    .fallback = "deny",
    .choices = kOnErrorChoices};

/// How long one that may have to wait for somebody may take.
inline constexpr ParameterSpec kDeadline = {
    .name = "deadline",
    .type = ParameterType::Duration,
    .summary = "longest time for the action itself; one that has not been done by then has failed",
    .fallback = "`actions.deadline` of the configuration",
    .min = 0.001,
    .max = 3600};

/// Who shares a bucket or the places of a limit.
inline constexpr ParameterSpec kKey = {.name = "key",
                                       .summary = "who shares it: one for each value this has",
                                       .fallback = "{{ session.user }}",
                                       .templated = true};
inline constexpr ParameterSpec kSharedName = {
    .name = "name", .summary = "rules that give one name share it; otherwise each rule has its own"};

/// Where there is a client to be told something.
inline constexpr HookSet kAnswerableHooks = kOpeningHooks | kTrafficHooks;

}  // namespace signalbox::actions::catalog
