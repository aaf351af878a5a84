// A password message is no ordinary frame to wire::read_header, which does not know it: its type may come
// only here.
#include "proxy/session/login/login_frame.h"

#include "base/bytes.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kLongestLoginMessage = 1u << 16;  // PG_MAX_AUTH_TOKEN_LENGTH is 65535
constexpr std::size_t kLongestPassword = 65'535 + 4;

}  // namespace

Task<std::string_view> login_frame(Inlet& from, wire::Sender sender) {
  for (;;) {
    const std::string_view bytes = from.bytes();
    wire::FrameHeader header;
    const bool password = sender == wire::Sender::Client;
    auto status = wire::HeaderStatus::Incomplete;
    if (password && bytes.size() >= wire::kHeaderBytes) {
      header = {.type = bytes.front(), .length = load_be<std::uint32_t>(bytes.data() + 1)};
      const bool fits = header.type == 'p' && header.length >= 4 && header.length <= kLongestPassword;
      status = fits ? wire::HeaderStatus::Complete : wire::HeaderStatus::InvalidLength;
    } else if (!password) {
      status = wire::read_header(sender, bytes, header);
      if (status == wire::HeaderStatus::Complete && header.size() > kLongestLoginMessage) {
        status = wire::HeaderStatus::InvalidLength;
      }
    }
    if (status == wire::HeaderStatus::Complete && bytes.size() >= header.size())
      co_return bytes.substr(0, header.size());
    const bool waiting = status == wire::HeaderStatus::Complete || status == wire::HeaderStatus::Incomplete;
    if (!waiting || co_await from.more() != Io::Ok) co_return std::string_view{};
  }
}

}  // namespace signalbox::proxy
