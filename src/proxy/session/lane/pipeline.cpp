// Messages are looked at once, however small the pieces are that they come in.
#include "proxy/session/lane/pipeline.h"

#include "proxy/wire/frame.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {

bool begins_anew(std::string_view bytes) {
  if (bytes.starts_with('Q')) return true;
  return bytes.starts_with('P') && bytes.size() > wire::kHeaderBytes && bytes[wire::kHeaderBytes] == '\0';
}

Pipeline::Extent Pipeline::look(std::string_view bytes) {
  for (;;) {
    const std::string_view rest = bytes.substr(at_);
    wire::FrameHeader header;
    const auto status = wire::read_header(wire::Sender::Client, rest, header);
    if (status == wire::HeaderStatus::Incomplete) break;
    if (status != wire::HeaderStatus::Complete || header.type == 'X') return Extent::Many;
    const bool first = at_ == 0;
    if (header.type == 'S' || (first && header.type == 'Q')) return Extent::Whole;
    if (!first && (header.type == 'P' || header.type == 'Q' || header.type == 'F')) return Extent::Many;
    if (rest.size() < header.size()) break;
    if (header.type == 'B') {
      const auto names = wire::decode_bind_names(rest.substr(wire::kHeaderBytes));
      if (!names || !names->statement.empty()) return Extent::Many;
    }
    flushed_ = flushed_ || header.type == 'H';
    at_ += header.size();
  }
  return flushed_ ? Extent::Open : Extent::Partial;
}

}  // namespace signalbox::proxy
