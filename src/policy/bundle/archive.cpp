// tar (POSIX ustar, with GNU long names and pax paths) over gzip. Only what bundles need: names, sizes,
// bytes.
#include "policy/bundle/archive.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace signalbox::policy {
namespace {

constexpr std::size_t kBlock = 512;
constexpr int kGzip = 16 + MAX_WBITS;
constexpr std::size_t kLongestPath = 4096;

std::expected<std::string, std::string> inflate_all(std::string_view compressed, std::size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return std::unexpected("zlib cannot start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string out;
  char chunk[1 << 16];
  int status = Z_OK;
  while (status == Z_OK && out.size() <= limit) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk);
    stream.avail_out = sizeof chunk;
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(chunk, sizeof chunk - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > limit)
    return std::unexpected(fmt::format("the archive unpacks to more than {} bytes", limit));
  if (status != Z_STREAM_END) return std::unexpected("the archive is no complete gzip file");
  return out;
}

std::string deflate_all(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string_view field(std::string_view header, std::size_t at, std::size_t size) {
  const std::string_view text = header.substr(at, size);
  return text.substr(0, text.find('\0'));
}

std::optional<std::size_t> octal(std::string_view text) {
  std::size_t out = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    if (c < '0' || c > '7' || out > (std::size_t{1} << 40)) return std::nullopt;
    out = out * 8 + static_cast<std::size_t>(c - '0');
  }
  return out;
}

/// The value of "path" in a pax header: records of the form "LENGTH key=value\n".
std::string pax_path(std::string_view records) {
  while (!records.empty()) {
    const auto blank = records.find(' ');
    if (blank == std::string_view::npos || blank > 8) return {};
    std::size_t length = 0;
    for (const char c : records.substr(0, blank)) {
      if (c < '0' || c > '9') return {};
      length = length * 10 + static_cast<std::size_t>(c - '0');
    }
    if (length <= blank + 1 || length > records.size()) return {};
    const std::string_view record = records.substr(blank + 1, length - blank - 2);
    if (record.starts_with("path=")) return std::string(record.substr(5));
    records.remove_prefix(length);
  }
  return {};
}

class TarReader {
 public:
  TarReader(std::string_view tar, const ArchiveLimits& limits) : rest_(tar), limits_(limits) {}

  std::expected<std::vector<ArchiveFile>, std::string> read() {
    while (rest_.size() >= kBlock && rest_.front() != '\0') {
      if (auto done = entry(); !done) return std::unexpected(std::move(done.error()));
    }
    return std::move(files_);
  }

 private:
  std::expected<void, std::string> entry() {
    const std::string_view header = rest_.substr(0, kBlock);
    const auto size = octal(field(header, 124, 12));
    if (!size) return std::unexpected("the archive has a malformed tar header");
    const std::size_t padded = (*size + kBlock - 1) / kBlock * kBlock;
    if (padded > rest_.size() - kBlock) return std::unexpected("the archive ends in the middle of a file");
    const std::string_view bytes = rest_.substr(kBlock, *size);
    rest_.remove_prefix(kBlock + padded);
    switch (header[156]) {
      case 'x': long_name_ = pax_path(bytes); return {};
      case 'L': long_name_ = bytes.substr(0, bytes.find('\0')); return {};
      case '0':
      case '\0': return file(name_of(header), bytes);
      default: long_name_.clear(); return {};
    }
  }

  std::string name_of(std::string_view header) {
    if (!long_name_.empty()) return std::exchange(long_name_, {});
    const std::string_view prefix =
        field(header, 257, 5) == "ustar" ? field(header, 345, 155) : std::string_view();
    std::string name(field(header, 0, 100));
    return prefix.empty() ? name : std::string(prefix) + "/" + name;
  }

  std::expected<void, std::string> file(const std::string& name, std::string_view bytes) {
    // OPA writes its paths with a leading slash; they are relative all the same.
    const std::string_view relative =
        std::string_view(name).substr(std::min(name.find_first_not_of('/'), name.size()));
    std::string path = archive_path(relative);
    if (path.empty() || path.size() > kLongestPath)
      return std::unexpected(fmt::format("the archive has a file named \"{}\", which leads out of it", name));
    if (files_.size() == limits_.files)
      return std::unexpected(fmt::format("the archive has more than {} files", limits_.files));
    files_.push_back({std::move(path), std::string(bytes)});
    return {};
  }

  std::string_view rest_;
  const ArchiveLimits& limits_;
  std::vector<ArchiveFile> files_;
  std::string long_name_;
};

void append_header(std::string& out, std::string_view name, std::size_t size, char type) {
  char header[kBlock] = {};
  std::memcpy(header, name.data(), std::min<std::size_t>(name.size(), 100));
  std::memcpy(header + 100, "0000600", 8);
  std::memcpy(header + 108, "0000000", 8);
  std::memcpy(header + 116, "0000000", 8);
  fmt::format_to_n(header + 124, 12, "{:011o}", size);
  std::memcpy(header + 136, "00000000000", 12);
  header[156] = type;
  std::memcpy(header + 257,
              "ustar\0"
              "00",
              8);
  std::memset(header + 148, ' ', 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  fmt::format_to_n(header + 148, 7, "{:06o}", sum);
  header[154] = '\0';
  out.append(header, kBlock);
}

void append_bytes(std::string& out, std::string_view bytes) {
  out += bytes;
  out.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
}

}  // namespace

std::string archive_path(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\\') != std::string_view::npos ||
      path.find('\0') != std::string_view::npos)
    return {};
  std::string out;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part == "..") return {};
    if (part.empty() || part == ".") continue;
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

std::expected<std::vector<ArchiveFile>, std::string> unpack(std::string_view archive,
                                                            const ArchiveLimits& limits) {
  const auto tar = inflate_all(archive, limits.bytes);
  if (!tar) return std::unexpected(tar.error());
  return TarReader(*tar, limits).read();
}

std::string pack(const std::vector<ArchiveFile>& files) {
  std::string tar;
  for (const ArchiveFile& file : files) {
    if (file.path.size() > 100) {
      append_header(tar, "././@LongLink", file.path.size() + 1, 'L');
      append_bytes(tar, file.path + '\0');
    }
    append_header(tar, file.path, file.bytes.size(), '0');
    append_bytes(tar, file.bytes);
  }
  tar.append(2 * kBlock, '\0');
  return deflate_all(tar);
}

}  // namespace signalbox::policy
