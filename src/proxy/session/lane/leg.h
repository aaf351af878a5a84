// A leg: a connection to a server that the gateway has logged in by itself, with what the client sent.
#pragma once

#include <memory>
#include <string_view>

#include "proxy/lane/state.h"
#include "proxy/net/task.h"
#include "proxy/worker.h"

namespace signalbox::proxy {

/// Null when no rung of the target's sslmode ladder leads to a login; that is logged, and the target counts
/// as down for a while, unless it was only too slow for `due`. `startup`: the client's packet; `user`: its
/// name, unless the target gives another.
Task<std::unique_ptr<Leg>> open_leg(Worker& worker, const Settings& settings,
                                    std::shared_ptr<const Target> target, std::string_view startup,
                                    std::string_view user, Deadline due = {});

/// Nothing has come on an idle connection: neither its end nor last words.
bool is_quiet(const Leg& leg);

}  // namespace signalbox::proxy
