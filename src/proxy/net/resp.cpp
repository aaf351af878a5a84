// A reply is read from its beginning each time more bytes have come: replies are short, but for the list of
// blocks, which comes only when it has changed.
#include "proxy/net/resp.h"

#include <charconv>

namespace signalbox::proxy {
namespace {

enum class Step : std::uint8_t { Done, More, Wrong };

class ReplyReader {
 public:
  ReplyReader(std::string_view bytes, RespLimits limits) : bytes_(bytes), limits_(limits) {}

  Step read(RespReply& reply, unsigned depth) {
    if (++items_ > limits_.items || depth > limits_.depth) return wrong("the reply is too large");
    std::string_view line;
    if (const Step step = read_line(line); step != Step::Done) return step;
    const char kind = line.front();
    const std::string_view rest = line.substr(1);
    if (kind == '+' || kind == '-') {
      reply.kind = kind == '+' ? RespReply::Kind::Text : RespReply::Kind::Error;
      reply.text = rest;
      return Step::Done;
    }
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || end != rest.data() + rest.size()) return wrong("not a number");
    if (kind == ':') {
      reply.kind = RespReply::Kind::Integer;
      reply.integer = number;
      return Step::Done;
    }
    if (kind == '$') return read_text(reply, number);
    return kind == '*' ? read_items(reply, number, depth) : wrong("not a reply");
  }

  std::size_t used() const { return at_; }
  const char* complaint() const { return complaint_; }

 private:
  Step wrong(const char* why) {
    complaint_ = why;
    return Step::Wrong;
  }

  Step read_line(std::string_view& line) {
    constexpr std::size_t kLongest = 64 * 1024;
    const auto end = bytes_.find("\r\n", at_);
    if (end == std::string_view::npos)
      return bytes_.size() - at_ > kLongest ? wrong("a line is too long") : Step::More;
    line = bytes_.substr(at_, end - at_);
    at_ = end + 2;
    return line.empty() ? wrong("not a reply") : Step::Done;
  }

  Step read_text(RespReply& reply, std::int64_t size) {
    if (size == -1) return Step::Done;
    if (size < 0 || static_cast<std::size_t>(size) > limits_.bytes) return wrong("the reply is too large");
    const auto length = static_cast<std::size_t>(size);
    if (bytes_.size() - at_ < length + 2) return Step::More;
    if (bytes_.substr(at_ + length, 2) != "\r\n") return wrong("a text does not end where it should");
    reply.kind = RespReply::Kind::Text;
    reply.text = bytes_.substr(at_, length);
    at_ += length + 2;
    return Step::Done;
  }

  Step read_items(RespReply& reply, std::int64_t count, unsigned depth) {
    if (count == -1) return Step::Done;
    if (count < 0 || static_cast<std::size_t>(count) > limits_.items) return wrong("the reply is too large");
    reply.kind = RespReply::Kind::Array;
    for (std::int64_t i = 0; i < count; ++i) {
      if (const Step step = read(reply.items.emplace_back(), depth + 1); step != Step::Done) return step;
    }
    return Step::Done;
  }

  std::string_view bytes_;
  RespLimits limits_;
  std::size_t at_ = 0;
  std::size_t items_ = 0;
  const char* complaint_ = "";
};

}  // namespace

void append_command(std::string& out, std::span<const std::string> words) {
  out += '*' + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += '$' + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
}

std::expected<std::optional<std::pair<RespReply, std::size_t>>, std::string> read_reply(
    std::string_view bytes, RespLimits limits) {
  ReplyReader reader(bytes, limits);
  RespReply reply;
  switch (reader.read(reply, 0)) {
    case Step::Done: return std::pair(std::move(reply), reader.used());
    case Step::More: return std::nullopt;
    case Step::Wrong: break;
  }
  return std::unexpected(reader.complaint());
}

}  // namespace signalbox::proxy
