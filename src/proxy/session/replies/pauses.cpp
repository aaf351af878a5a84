// What is done about what stopped the scan. Afterwards it begins anew at the front of the inlet.
#include "proxy/session/replies/replies.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

/// Edited at a time; where actions have left something behind each row is counted where it is scanned.
constexpr std::size_t kManyRows = ~std::size_t{0};

}  // namespace

/// What the scan has stopped for. False = the session ends.
Task<bool> Replies::act_on(Pause pause) {
  switch (pause) {
    case Pause::More: co_return true;
    case Pause::Substitute: co_return co_await substitute();
    case Pause::Begins: co_return co_await answers_.decide_beginning();
    case Pause::Notices: co_return co_await answers_.decide_notice();
    case Pause::Edit: co_return co_await answers_.edit_rows(lane_.state ? 1 : kManyRows);
    case Pause::Mute: co_return co_await answers_.mute_row();
    case Pause::Answered: co_return co_await answers_.decide_end();
    case Pause::BadMessage: co_await on_bad_message(); co_return false;
    case Pause::Unwanted: co_return fail_copy() && co_await substitute();
    case Pause::OutOfStep: co_return end_out_of_step();
    case Pause::Swallow: co_return co_await swallow();
    case Pause::Idle: ends_.say_goodbye(); co_return false;
  }
  co_return false;
}

/// Drops the message at the front, however long it is.
Task<bool> Replies::swallow() {
  wire::FrameHeader header;
  wire::read_header(wire::Sender::Server, ends_.from_server->bytes(), header);
  for (std::size_t left = header.size();;) {
    const std::size_t here = std::min(left, ends_.from_server->bytes().size());
    ends_.from_server->consume(here);
    left -= here;
    if (left == 0) co_return true;
    if (co_await ends_.from_server->more() != Io::Ok) co_return false;
  }
}

/// The message at the front goes no further, however long it is; instead_ goes on in its place.
Task<bool> Replies::substitute() {
  if (!co_await swallow()) co_return false;
  ends_.from_server->keep();
  ends_.answered.wake();  // what waits for the server to have answered everything
  if (instead_.empty()) co_return true;
  co_return co_await ends_.write_to_client(std::exchange(instead_, {}));
}

/// A COPY waits for data that the client, who has been told of an error, will never send: it is made to fail.
/// A Sync that the client has sent already was swallowed as data, and is sent again. False = the session
/// ends.
bool Replies::fail_copy() {
  Book& book = dialogue_.book;
  const bool copies_in = ends_.from_server->bytes().front() == 'G';
  if (copies_in && !book.copying_in()) return true;  // what ends it is on its way
  if (!copies_in || dialogue_.request_left > 0 || ends_.server->writing()) {
    ends_.terminate("08P01", "the server waits for data of a statement whose answer was withheld");
    return false;
  }
  std::string messages;
  wire::FrameBuilder(messages, 'f').text("an earlier answer was withheld");
  book.sent(Request::CopyEnd);
  if (copy_took_sync_) {
    wire::append_sync(messages);
    book.sent(Request::Sync);
  }
  ends_.server->try_write(messages);  // which it takes: it is reading
  return true;
}

/// What policies say of an answer depends on what it answers.
bool Replies::end_out_of_step() {
  ends_.metrics().add(Counter::ProtocolViolations);
  ends_.terminate("08P01", "protocol synchronization with the server was lost");
  return false;
}

Task<> Replies::on_bad_message() {
  ends_.metrics().add(Counter::ProtocolViolations);
  co_await ends_.refuse(wire::WireError{.message = "lost synchronization with server", .sqlstate = "08P01"});
}

}  // namespace signalbox::proxy
