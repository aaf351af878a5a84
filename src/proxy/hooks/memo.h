// Memo: rulings on queries remembered under exactly the facts they were derived from: the session's
// attributes that policies read, the hook, and the exact text; or its shape (sql/shape.h), when nothing that
// policies read of it hangs on an integer constant. Bounded by entries and bytes: two generations, the older
// one is dropped whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "actions/hook.h"
#include "proxy/hooks/event.h"

namespace signalbox::proxy {

struct QueryRuling;

/// Borrowed text; the memo copies what it keeps.
struct MemoKey {
  std::uint32_t session = 0;  ///< number of the session's attributes, see Memo::number_of
  actions::Hook hook = actions::Hook::TrafficFromClient;
  Transaction transaction = Transaction::Idle;
  QueryProtocol protocol = QueryProtocol::Simple;
  bool shape = false;  ///< `text` is a shape: no exact text is equal to it
  std::string_view text;
  bool operator==(const MemoKey&) const = default;
};

class Memo {
 public:
  Memo(std::size_t entries, std::size_t bytes) : entries_(entries), bytes_(bytes) {}

  /// Null when it is not remembered.
  std::shared_ptr<const QueryRuling> find(const MemoKey& key);
  /// `bytes`: what the ruling takes beyond its plan.
  void keep(const MemoKey& key, std::shared_ptr<const QueryRuling> ruling, std::size_t bytes = 0);

  /// A small number for a set of session attributes, equal for equal sets. Valid within one epoch().
  std::uint32_t number_of(const std::string& attributes);
  std::uint32_t epoch() const { return epoch_; }
  /// Forgets all, and begins a new epoch.
  void clear();
  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Entry {
    std::unique_ptr<char[]> text;  ///< the key's text lives here
    std::shared_ptr<const QueryRuling> ruling;
    std::size_t bytes = 0;  ///< of both
  };
  struct Hash {
    std::size_t operator()(const MemoKey& key) const {
      const std::size_t salt = (std::size_t{key.session} << 24) ^ (static_cast<std::size_t>(key.hook) << 16) ^
                               (static_cast<std::size_t>(key.transaction) << 8) ^
                               (static_cast<std::size_t>(key.protocol) << 1) ^ std::size_t{key.shape};
      return std::hash<std::string_view>{}(key.text) ^ (salt * 0x9e37'79b9'7f4a'7c15);
    }
  };
  using Entries = std::unordered_map<MemoKey, Entry, Hash>;

  std::size_t entries_;
  std::size_t bytes_;
  std::size_t young_bytes_ = 0;
  Entries young_;
  Entries old_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::uint32_t epoch_ = 1;
};

}  // namespace signalbox::proxy
