// The frame reader and every decoder of bodies, on bytes of a stranger: both directions, any cut.
#include "proxy/wire/frame.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/session/book.h"
#include "proxy/wire/error_response.h"
#include "proxy/wire/replies.h"
#include "proxy/wire/requests.h"

using namespace signalbox::proxy;

namespace {

void decode_everything(std::string_view body) {
  wire::decode_query(body);
  wire::decode_parse(body);
  wire::decode_bind(body);
  wire::decode_bind_names(body);
  wire::decode_close(body);
  wire::decode_execute(body);
  wire::decode_ready(body);
  wire::decode_backend_key(body);
  wire::decode_parameter_status(body);
  wire::decode_sasl_mechanisms(body);
  wire::error_field(body, 'M');
  wire::is_fatal(body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const wire::Sender sender = (data[0] & 1) != 0 ? wire::Sender::Client : wire::Sender::Server;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  Book book;
  wire::FrameHeader header;
  while (wire::read_header(sender, rest, header) == wire::HeaderStatus::Complete) {
    const std::string_view body = rest.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes);
    decode_everything(body);
    if (sender == wire::Sender::Server) {
      book.received(header.type, body.empty() ? 'I' : body.front());
    } else {
      book.sent(static_cast<Request>(static_cast<unsigned char>(header.type) % 9));
      book.received("EZ12GCn"[header.type % 7], 'T');
    }
    if (header.size() > rest.size()) break;
    rest.remove_prefix(header.size());
  }
  return 0;
}
