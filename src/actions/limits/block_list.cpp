// Networks are looked up by masking the address to each prefix length in use: there are few of those, however
// many networks there are.
#include "actions/limits/block_list.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <mutex>

namespace signalbox::actions {

namespace {

constexpr std::uint8_t kMappedPrefix = 96;

bool is_mapped(const Network& network) {
  constexpr unsigned char kStart[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return network.prefix >= kMappedPrefix && std::memcmp(network.bytes.data(), kStart, sizeof kStart) == 0;
}

void clear_beyond(Network& network, std::uint8_t prefix) {
  network.prefix = prefix;
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(prefix - i * 8, 0, 8);
    network.bytes[i] = static_cast<unsigned char>(network.bytes[i] & (0xff00 >> kept));
  }
}

bool in_force(const Block& block, std::int64_t now_ns) {
  return block.until_ns == 0 || block.until_ns > now_ns;
}

}  // namespace

std::string_view name(BlockKind kind) {
  constexpr std::string_view kNames[] = {"address", "user", "fingerprint"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network network;
  std::uint8_t offset = 0;
  if (::inet_pton(AF_INET, address.c_str(), network.bytes.data() + 12) == 1) {
    network.bytes[10] = network.bytes[11] = 0xff;
    offset = kMappedPrefix;
  } else if (::inet_pton(AF_INET6, address.c_str(), network.bytes.data()) != 1) {
    return std::nullopt;
  }
  unsigned bits = 128u - offset;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > 128u - offset)
      return std::nullopt;
  }
  clear_beyond(network, static_cast<std::uint8_t>(bits + offset));
  return network;
}

std::string to_text(const Network& network) {
  char text[INET6_ADDRSTRLEN];
  const bool mapped = is_mapped(network);
  ::inet_ntop(mapped ? AF_INET : AF_INET6, network.bytes.data() + (mapped ? 12 : 0), text, sizeof text);
  if (network.prefix == 128) return text;
  return fmt::format("{}/{}", text, mapped ? network.prefix - kMappedPrefix : network.prefix);
}

bool contains(const Network& outer, const Network& inner) {
  if (inner.prefix < outer.prefix) return false;
  Network wider = inner;
  clear_beyond(wider, outer.prefix);
  return wider == outer;
}

Result<void> BlockList::add(Block block) {
  std::optional<Network> network;
  if (block.kind == BlockKind::Address) {
    network = parse_network(block.value);
    if (!network) return fail(ErrorCode::InvalidArgument, block.value + " is no address or network");
    block.value = to_text(*network);
  }
  if (block.value.empty()) return fail(ErrorCode::InvalidArgument, "a block needs a value");
  {
    const std::unique_lock lock(mutex_);
    std::string key = block.value;
    const auto kind = block.kind;
    const auto [at, is_new] = table(kind).insert_or_assign(std::move(key), std::move(block));
    if (is_new && network) ++prefixes_[network->prefix];
    make_room();
    changed();
  }
  tell();
  return {};
}

void BlockList::tell() const {
  for (const auto& watcher : watchers_) watcher();
}

bool BlockList::lift(BlockKind kind, std::string_view value) {
  std::string key(value);
  std::optional<Network> network;
  if (kind == BlockKind::Address) {
    network = parse_network(value);
    if (!network) return false;
    key = to_text(*network);
  }
  {
    const std::unique_lock lock(mutex_);
    if (table(kind).erase(key) == 0) return false;
    if (network && --prefixes_[network->prefix] == 0) prefixes_.erase(network->prefix);
    changed();
  }
  tell();
  return true;
}

const Block* BlockList::find_address(std::string_view address, std::int64_t now_ns) const {
  const auto network = parse_network(address);
  if (!network) return nullptr;
  for (const auto& [prefix, count] : prefixes_) {
    Network wider = *network;
    clear_beyond(wider, prefix);
    const auto found = table(BlockKind::Address).find(to_text(wider));
    if (found != table(BlockKind::Address).end() && in_force(found->second, now_ns)) return &found->second;
  }
  return nullptr;
}

std::optional<Block> BlockList::find(std::string_view address, std::string_view user,
                                     std::string_view fingerprint, std::int64_t now_ns) const {
  if (empty()) return std::nullopt;
  const std::shared_lock lock(mutex_);
  if (!address.empty()) {
    if (const Block* block = find_address(address, now_ns)) return *block;
  }
  for (const auto& [kind, value] :
       {std::pair(BlockKind::User, user), std::pair(BlockKind::Fingerprint, fingerprint)}) {
    if (value.empty()) continue;
    const auto found = table(kind).find(value);
    if (found != table(kind).end() && in_force(found->second, now_ns)) return found->second;
  }
  return std::nullopt;
}

std::vector<Block> BlockList::list(std::int64_t now_ns) const {
  std::vector<Block> blocks;
  {
    const std::shared_lock lock(mutex_);
    for (const Table& table : tables_) {
      for (const auto& [key, block] : table) {
        if (in_force(block, now_ns)) blocks.push_back(block);
      }
    }
  }
  std::ranges::sort(blocks, [](const Block& a, const Block& b) {
    return a.created_ns != b.created_ns ? a.created_ns > b.created_ns : a.value < b.value;
  });
  return blocks;
}

std::size_t BlockList::expire(std::int64_t now_ns) {
  std::vector<Block> over;
  {
    const std::shared_lock lock(mutex_);
    for (const Table& table : tables_) {
      for (const auto& [key, block] : table) {
        if (!in_force(block, now_ns)) over.push_back(block);
      }
    }
  }
  for (const Block& block : over) lift(block.kind, block.value);
  return over.size();
}

/// Drops the block that ends first; those for good go last.
void BlockList::make_room() {
  std::size_t total = 0;
  for (const Table& table : tables_) total += table.size();
  if (total <= max_entries_) return;
  const auto end_of = [](const Block& b) {
    return b.until_ns == 0 ? std::numeric_limits<std::int64_t>::max() : b.until_ns;
  };
  const Block* first = nullptr;
  for (const Table& table : tables_) {
    for (const auto& [key, block] : table) {
      if (first == nullptr || end_of(block) < end_of(*first)) first = &block;
    }
  }
  if (first->kind == BlockKind::Address) {
    const auto network = parse_network(first->value);
    if (network && --prefixes_[network->prefix] == 0) prefixes_.erase(network->prefix);
  }
  const std::string key = first->value;
  table(first->kind).erase(key);
}

void BlockList::changed() {
  std::size_t total = 0;
  for (const Table& table : tables_) total += table.size();
  size_.store(total, std::memory_order_release);
  fingerprints_.store(table(BlockKind::Fingerprint).size(), std::memory_order_relaxed);
  version_.fetch_add(1, std::memory_order_acq_rel);
}

}  // namespace signalbox::actions
