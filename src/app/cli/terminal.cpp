// Terminal output for verbs.
#include "app/cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace signalbox::app::cli {
namespace {

std::string_view escape_of(Colour colour) {
  switch (colour) {
    case Colour::Plain: return "";
    case Colour::Red: return "\x1b[31m";
    case Colour::Green: return "\x1b[32m";
    case Colour::Yellow: return "\x1b[33m";
    case Colour::Bold: return "\x1b[1m";
    case Colour::Dim: return "\x1b[2m";
  }
  return "";
}

std::string printable(std::string_view cell) {
  std::string out;
  for (const char c : cell) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      out += c;
    } else {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : fmt::format("\\x{:02x}", byte);
    }
  }
  return out;
}

// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

bool colours_on(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (no_colour && *no_colour) return false;
  return ::isatty(fd) == 1 && terminal && std::string_view(terminal) != "dumb";
}

std::string painted(std::string_view text, Colour colour, int fd) {
  if (!colours_on(fd) || colour == Colour::Plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_of(colour), text);
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void complain(std::string_view message, std::string_view hint) {
  fmt::print(stderr, "{}: {}\n", painted("signalbox", Colour::Red, 2), message);
  if (!hint.empty()) fmt::print(stderr, "  hint: {}\n", hint);
}

void complain(const Error& error) {
  complain(error.message, error.hint);
}
void complain(const Diagnostics& diagnostics) {
  fmt::print(stderr, "{}", to_text(diagnostics));
}

Exit exit_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::Unavailable:
    case ErrorCode::Timeout:
    case ErrorCode::NotFound:
    case ErrorCode::AlreadyExists:  // somebody else has the port or the directory
    case ErrorCode::Io: return Exit::Unreachable;
    case ErrorCode::Cancelled: return Exit::Refused;
    case ErrorCode::InvalidArgument: return Exit::Usage;
    default: return Exit::Finding;
  }
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(printable(row[i])));
  }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string cell = printable(rows[r][i]);
      line += cell;
      if (i + 1 < rows[r].size()) line.append(widths[i] - width(cell) + 2, ' ');
    }
    out += painted(line, r == 0 ? Colour::Bold : Colour::Plain, 1) + "\n";
  }
  return out;
}

}  // namespace signalbox::app::cli
