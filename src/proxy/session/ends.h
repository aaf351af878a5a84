// Ends: the two ends of a session: the connection of its client and the one of its server, who may write to
// them, and how the session tells either that it is over. Owned by the session; every part of it works
// through this. On the session's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/net/channel.h"
#include "proxy/net/inlet.h"
#include "proxy/net/task.h"
#include "proxy/net/turn.h"
#include "proxy/net/wakeup.h"
#include "proxy/session/dialogue.h"
#include "proxy/session/refusal.h"
#include "proxy/targets/cancel_registry.h"
#include "proxy/wire/error_response.h"
#include "proxy/wire/startup.h"
#include "proxy/worker.h"

namespace signalbox::proxy {

enum class Phase : std::uint8_t { Handshake, Login, Active, Closing };

struct Ends {
  Ends(Worker& on, Fd client_socket, Dialogue& spoken);

  Worker& worker;
  Dialogue& dialogue;
  Phase phase = Phase::Handshake;

  std::unique_ptr<Channel> client;
  Inlet from_client;
  Turn client_turn;           ///< who writes to the client
  bool client_done = false;   ///< it has said goodbye or closed its side
  bool client_broke = false;  ///< its connection is of no use any more
  bool mid_reply = false;     ///< a message of the server has been sent to it in part

  std::unique_ptr<Channel> server;  ///< null until there is one
  std::optional<Inlet> from_server;
  bool server_gone = false;   ///< its side is at its end
  bool server_reset = false;  ///< its connection ends with RST

  std::string startup;  ///< the client's startup packet; another server gets the same

  // By what a request is cancelled at the server, and what the client has been told it is.
  CancelTarget cancel_target;
  std::int32_t server_process = 0;
  std::string server_key;
  std::int32_t client_process = 0;
  std::string client_key;
  CancelRegistry::Entry cancel_entry;

  Wakeup answered;  ///< the server has answered something, or never will: requests may go on

  // Another server takes the place of this one: whoever reads from it must stop for that.
  bool switching = false;
  Wakeup switched;

  std::unique_ptr<wire::ErrorFields> last_words;  ///< the session ends with them as soon as it is idle

  Loop& loop() const { return worker.loop(); }
  MetricsShard& metrics() const { return worker.metrics(); }
  Decider& decider() const { return worker.decider(); }

  bool client_is_encrypted() const;  ///< or cannot be listened to
  bool server_is_encrypted() const;

  /// Writes whole messages, when it is our turn. False: the client is gone.
  Task<bool> write_to_client(std::string messages);
  /// Tells the client why the session is about to end, which is the caller's business.
  Task<> refuse(wire::ErrorFields fields);
  Task<> refuse(const wire::WireError& error);

  /// Ends the session now: what is under way is cut off. Never waits: who does not read its last message now
  /// will not read it later.
  void terminate(std::string_view sqlstate, std::string_view message);
  void terminate(wire::ErrorFields fields);
  /// The same with last_words.
  void say_goodbye() { terminate(std::move(*last_words)); }
  /// True: the verdict is one that tells the client nothing. Its connection ends with a reset.
  bool breaks(const Refusal& refusal);

 private:
  bool may_say_terminate() const;
};

}  // namespace signalbox::proxy
