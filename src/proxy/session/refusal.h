// Refusal: what the client is told when a plan refuses, in PostgreSQL's words and form.
#pragma once

#include <string>
#include <string_view>

#include "actions/facts.h"
#include "proxy/hooks/decider.h"
#include "proxy/wire/error_response.h"

namespace signalbox::proxy {

inline constexpr const char* kUntoldName = "names beyond ASCII need the client encoding UTF8";

/// Why a message may not pass, and what becomes of it.
struct Refusal {
  actions::Verdict verdict = actions::Verdict::Deny;
  wire::ErrorFields fields;
  bool keeps_transaction = false;  ///< an open transaction stays as it is
  bool by_default = false;         ///< nobody asked for it
  bool ends_transaction = false;   ///< what is refused would end a transaction, failed or not
};

/// Fails at the server without side effects. In a schema where only a superuser who means it can create
/// anything; the name is for the server's log.
inline constexpr std::string_view kFailingText = "select pg_catalog.\"refused by the gateway\"()";

/// A plain refusal by the gateway itself.
Refusal make_refusal(std::string sqlstate, std::string message);

/// A log that must not lose lines takes no more.
Refusal log_is_full();

/// What ends a session.
wire::ErrorFields fatal(std::string_view sqlstate, std::string_view message);

/// What a ruling that refuses says to the client. Texts are rendered from the event's facts. FATAL where it
/// ends the session.
Refusal refusal_of(const Ruling& ruling, const Event& event);

}  // namespace signalbox::proxy
