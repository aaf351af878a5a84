// Login: from accept to the first ReadyForQuery. It negotiates encryption, serves a cancel request, takes the
// startup packet, asks who may come in, finds a server and relays the authentication. It ends with a session
// whose two ends and facts are complete, or with a client that has been told why not. Lives as long as that
// takes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/lane/state.h"
#include "proxy/session/ends.h"
#include "proxy/session/gate.h"
#include "proxy/session/login/login_rules.h"
#include "proxy/targets/census.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {

class ScramClient;
class ScramServer;
struct ScramVerifier;

class Login {
 public:
  /// `listener`: its number. `place`: counts the session for as long as that lives.
  Login(Ends& ends, Gate& gate, LaneSlot& lane, Census::Place& place, std::size_t listener)
      : ends_(ends), dialogue_(ends.dialogue), gate_(gate), lane_(lane), place_(place), listener_(listener) {}

  /// Up to the startup packet. `turned_away`: refused on arrival; it is told when it can understand it.
  /// False = the connection is to end.
  Task<bool> shake_hands(std::optional<Refusal>& turned_away);
  /// The rest. False = refused, and told.
  Task<bool> log_in();

 private:
  enum class End : std::uint8_t { Ready, Failed, TryOtherEncryption, Unreachable };

  // handshake.cpp: encryption and the startup packet
  Task<std::optional<wire::FirstPacket>> first_packet();
  Task<bool> read_at_least(std::size_t size);
  Task<bool> begin_direct_tls();
  Task<bool> answer_ssl_request();
  Task<bool> begin_client_tls(std::string already_read);
  Task<> cancel(wire::CancelRequest request);
  void take_startup(const wire::Startup& startup);

  // login.cpp: who may come in, and to which server
  std::optional<wire::ErrorFields> admission();
  Task<End> log_in_at(std::shared_ptr<const Target> target);
  Task<bool> open_server(std::shared_ptr<const Target> target, Encryption encryption);

  // authentication.cpp: what server and client say to each other until both are ready
  Task<End> authenticate(bool may_try_other);
  Task<End> unexpected_reply(LoginRules::Next why);
  Task<End> cannot_bind();
  Task<End> server_fell_silent();
  Task<bool> client_misses_binding();
  Task<bool> relay_reply(std::string_view frame, std::string to_send);
  Task<bool> send_replies();
  Task<bool> relay_password();
  void note_reply(char type, std::string_view body);

  // scram_login.cpp: SCRAM ended at the gateway, on both sides
  Task<bool> end_scram_here(const ScramVerifier& verifier);
  Task<bool> prove_client(ScramServer& scram, std::string& server_final);
  Task<bool> prove_to_server(ScramClient& scram);
  Task<std::optional<std::string>> password_data();
  Task<std::optional<std::string>> authentication_data(wire::Authentication wanted);

  Ends& ends_;
  Dialogue& dialogue_;
  Gate& gate_;
  LaneSlot& lane_;
  Census::Place& place_;
  std::size_t listener_;
  std::string replies_;  ///< of the server, about to be sent to the client together
};

}  // namespace signalbox::proxy
