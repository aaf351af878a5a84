// Archives: a gzip-compressed tar file to and from a list of files. Reading is for foreign bytes: bounded in
// every direction, and names that lead out of the archive are refused.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy {

struct ArchiveFile {
  std::string path;  ///< relative, with '/', without "." and ".." parts
  std::string bytes;
};

struct ArchiveLimits {
  std::size_t files = 10'000;
  std::size_t bytes = 256u << 20;  ///< unpacked, all files together
};

/// Regular files only; directories and links are passed over. The error is one sentence.
std::expected<std::vector<ArchiveFile>, std::string> unpack(std::string_view archive,
                                                            const ArchiveLimits& limits = {});

/// The same files give the same bytes: no times, no owners.
std::string pack(const std::vector<ArchiveFile>& files);

/// The path in the archive's own terms ("./a//b" is a/b); empty when it is absolute or leads out of it.
std::string archive_path(std::string_view path);

}  // namespace signalbox::policy
