// Entries age from young to old; one found among the old is moved back.
#include "proxy/hooks/memo.h"

#include <algorithm>

namespace signalbox::proxy {
namespace {

constexpr std::size_t kEntryBytes = 256;  // map node, ruling, plan, roughly

}  // namespace

std::shared_ptr<const QueryRuling> Memo::find(const MemoKey& key) {
  if (const auto at = young_.find(key); at != young_.end()) return at->second.ruling;
  const auto at = old_.find(key);
  if (at == old_.end()) return nullptr;
  auto node = old_.extract(at);
  auto ruling = node.mapped().ruling;
  young_bytes_ += node.mapped().bytes;
  young_.insert(std::move(node));
  return ruling;
}

void Memo::keep(const MemoKey& key, std::shared_ptr<const QueryRuling> ruling, std::size_t bytes) {
  if (entries_ == 0) return;
  if (young_.size() >= entries_ / 2 || young_bytes_ >= bytes_ / 2) {
    old_ = std::move(young_);
    young_.clear();
    young_bytes_ = 0;
  }
  Entry entry{.text = std::make_unique_for_overwrite<char[]>(key.text.size()),
              .ruling = std::move(ruling),
              .bytes = kEntryBytes + key.text.size() + bytes};
  std::ranges::copy(key.text, entry.text.get());
  MemoKey owned = key;
  owned.text = {entry.text.get(), key.text.size()};
  young_bytes_ += entry.bytes;
  young_.emplace(owned, std::move(entry));
}

std::uint32_t Memo::number_of(const std::string& attributes) {
  const auto known = numbers_.find(attributes);
  if (known != numbers_.end()) return known->second;
  if (numbers_.size() >= entries_) clear();
  const auto number = static_cast<std::uint32_t>(numbers_.size());
  numbers_.emplace(attributes, number);
  return number;
}

void Memo::clear() {
  young_.clear();
  old_.clear();
  numbers_.clear();
  young_bytes_ = 0;
  ++epoch_;
}

}  // namespace signalbox::proxy
