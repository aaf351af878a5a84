// BlockList: who is refused, until when, and why. Looked at when a client connects, when its user is known,
// and before each statement; so the look-up is a shared lock and a few hash probes, and nothing at all while
// the list is empty. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace signalbox::actions {

enum class BlockKind : std::uint8_t { Address, User, Fingerprint };
std::string_view name(BlockKind kind);

/// An IPv4 or IPv6 network; a single address has all its bits.
struct Network {
  std::array<unsigned char, 16> bytes{};  ///< IPv4 as the last four bytes of ::ffff:0:0/96
  std::uint8_t prefix = 128;              ///< of the 128 bits
  bool operator==(const Network&) const = default;
};
/// "10.0.0.1", "10.0.0.0/8", "2001:db8::/32", "::ffff:10.0.0.1" (which is 10.0.0.1). Bits beyond the prefix
/// are cleared.
std::optional<Network> parse_network(std::string_view text);
std::string to_text(const Network& network);
/// Every address of `inner` is one of `outer`.
bool contains(const Network& outer, const Network& inner);

struct Block {
  BlockKind kind = BlockKind::Address;
  std::string value = {};     ///< address or network in canonical form, user name, fingerprint
  std::int64_t until_ns = 0;  ///< wall clock; 0 = for good
  std::int64_t created_ns = 0;
  std::string reason = {};
  std::string source = {};  ///< "policy/rule", or who did it by hand
  bool operator==(const Block&) const = default;
};

class BlockList {
 public:
  /// `max_entries`: beyond it the ones that expire first go.
  explicit BlockList(std::size_t max_entries = 100'000) : max_entries_(max_entries) {}

  /// Adds or replaces. InvalidArgument: the value is no address.
  Result<void> add(Block block);
  /// True when there was one.
  bool lift(BlockKind kind, std::string_view value);

  /// The block that refuses this client, if any. `address` in text form; empty views are not looked up.
  std::optional<Block> find(std::string_view address, std::string_view user, std::string_view fingerprint,
                            std::int64_t now_ns) const;
  bool empty() const { return size_.load(std::memory_order_acquire) == 0; }
  /// Some fingerprint is blocked: statements have to be looked at.
  bool has_fingerprints() const { return fingerprints_.load(std::memory_order_relaxed) != 0; }

  /// Called after each change, by the thread that made it. Set up before the list is shared.
  void watch(std::function<void()> on_change) { watchers_.push_back(std::move(on_change)); }

  /// Those in force, the youngest first.
  std::vector<Block> list(std::int64_t now_ns) const;
  /// Removes what has expired. How many.
  std::size_t expire(std::int64_t now_ns);

  /// Counts changes: differs from the last saved version when there is something to save.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Table = std::unordered_map<std::string, Block, Hash, std::equal_to<>>;
  Table& table(BlockKind kind) { return tables_[static_cast<std::size_t>(kind)]; }
  const Table& table(BlockKind kind) const { return tables_[static_cast<std::size_t>(kind)]; }
  const Block* find_address(std::string_view address, std::int64_t now_ns) const;
  void make_room();
  void changed();
  void tell() const;

  const std::size_t max_entries_;
  mutable std::shared_mutex mutex_;
  std::array<Table, 3> tables_;                   ///< by kind; addresses by to_text(network)
  std::map<std::uint8_t, std::size_t> prefixes_;  ///< prefix lengths in use, and how often
  std::atomic<std::size_t> size_{0};
  std::atomic<std::size_t> fingerprints_{0};
  std::vector<std::function<void()>> watchers_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace signalbox::actions
