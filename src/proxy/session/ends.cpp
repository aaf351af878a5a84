// Words to either end. To the client only between two messages; to the server Terminate, so that it does not
// log a lost connection, where that does not fall into the middle of a message.
#include "proxy/session/ends.h"

#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

std::string goodbye() {
  std::string message;
  wire::append_terminate(message);
  return message;
}

}  // namespace

Ends::Ends(Worker& on, Fd client_socket, Dialogue& spoken)
    : worker(on),
      dialogue(spoken),
      client(std::make_unique<Channel>(on.loop(), std::move(client_socket))),
      from_client(*client),
      client_turn(on.loop()),
      answered(on.loop()),
      switched(on.loop()) {}

bool Ends::client_is_encrypted() const {
  return client->tls() != nullptr || dialogue.client.address.empty();
}

bool Ends::server_is_encrypted() const {
  return server && (server->tls() != nullptr || dialogue.server.address.empty());
}

Task<bool> Ends::write_to_client(std::string messages) {
  if (messages.empty()) co_return true;
  co_await client_turn.acquire();
  const Io sent = co_await client->write(messages);
  client_turn.release();
  worker.metrics().add(Counter::BytesToClient, messages.size());
  dialogue.session.bytes_out += messages.size();
  co_return sent == Io::Ok;
}

Task<> Ends::refuse(wire::ErrorFields fields) {
  if (mid_reply) co_return;  // in the middle of a message nothing can be said
  const std::string message = wire::encode_error(fields);
  co_await client_turn.acquire();
  co_await client->write(message);
  client_turn.release();
}

Task<> Ends::refuse(const wire::WireError& error) {
  co_await refuse(fatal(error.sqlstate, error.message));
}

void Ends::terminate(std::string_view sqlstate, std::string_view message) {
  terminate(fatal(sqlstate, message));
}

void Ends::terminate(wire::ErrorFields fields) {
  if (phase == Phase::Closing) return;
  if (!client_turn.taken() && !client->writing()) client->try_write(wire::encode_error(fields));
  if (may_say_terminate()) server->try_write(goodbye());
  phase = Phase::Closing;
  client->cancel(Io::Cancelled);
  if (server) server->cancel(Io::Cancelled);
  answered.wake();
}

bool Ends::breaks(const Refusal& refusal) {
  if (refusal.verdict > actions::Verdict::Reject) return false;
  client->reset_on_close();
  client_broke = true;
  if (!server) return true;
  if (refusal.verdict == actions::Verdict::Reset) {
    server->reset_on_close();
    server_reset = true;
  } else if (may_say_terminate()) {
    server->try_write(goodbye());
  }
  return true;
}

bool Ends::may_say_terminate() const {
  return server && phase == Phase::Active && dialogue.request_left == 0 && !server->writing();
}

}  // namespace signalbox::proxy
