// The table of message types, and the five bytes.
#include "proxy/wire/frame.h"

#include <array>

namespace signalbox::proxy::wire {
namespace {

constexpr std::uint32_t kShort = 10'000;      // PQ_SMALL_MESSAGE_LIMIT
constexpr std::uint32_t kLong = 0x3fff'fffe;  // PQ_LARGE_MESSAGE_LIMIT: MaxAllocSize - 1
constexpr std::uint32_t kServer = 0x4000'0000;

using Table = std::array<std::uint32_t, 256>;

constexpr Table make_table(std::string_view short_types, std::string_view long_types,
                           std::uint32_t long_limit) {
  Table table{};
  for (const char type : short_types) table[static_cast<unsigned char>(type)] = kShort;
  for (const char type : long_types) table[static_cast<unsigned char>(type)] = long_limit;
  return table;
}

// Close, Describe, Execute, Flush, Sync, Terminate, CopyDone, CopyFail; Query, Parse, Bind, FunctionCall,
// CopyData. Password messages ('p') belong to the login, where they are read apart.
constexpr Table kClientTypes = make_table("CDEHSXcf", "QPBFd", kLong);
constexpr Table kServerTypes = make_table("", "123ACDEGHIKNRSTVWZcdnstv", kServer);

}  // namespace

std::uint32_t longest(Sender sender, char type) {
  return (sender == Sender::Client ? kClientTypes : kServerTypes)[static_cast<unsigned char>(type)];
}

HeaderStatus read_header(Sender sender, std::string_view bytes, FrameHeader& header) {
  if (bytes.empty()) return HeaderStatus::Incomplete;
  header.type = bytes.front();
  const std::uint32_t limit = longest(sender, header.type);
  if (limit == 0) return HeaderStatus::UnknownType;
  if (bytes.size() < kHeaderBytes) return HeaderStatus::Incomplete;
  header.length = load_be<std::uint32_t>(bytes.data() + 1);
  return header.length < 4 || header.length > limit ? HeaderStatus::InvalidLength : HeaderStatus::Complete;
}

}  // namespace signalbox::proxy::wire
