// AgingMap: values by name, at most so many. Names not asked for are forgotten first: a name is young when it
// has been used lately, and when the young have become half of what there may be, the old are dropped and the
// young grow old.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace signalbox::proxy {

template <class T>
class AgingMap {
 public:
  explicit AgingMap(std::size_t most) : half_(most / 2) {}

  /// Null when it is not there. Does not make it young.
  const T* find(std::string_view name) const {
    if (const auto at = young_.find(name); at != young_.end()) return &at->second;
    const auto at = old_.find(name);
    return at == old_.end() ? nullptr : &at->second;
  }

  /// Made when it is not there.
  T& at(std::string_view name) {
    if (const auto young = young_.find(name); young != young_.end()) return young->second;
    const auto old = old_.find(name);
    auto known = old == old_.end() ? typename Map::node_type() : old_.extract(old);
    if (young_.size() >= half_) old_ = std::exchange(young_, {});
    if (known) return young_.insert(std::move(known)).position->second;
    return young_.try_emplace(std::string(name)).first->second;
  }

  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  std::size_t half_;
  Map young_;
  Map old_;
};

}  // namespace signalbox::proxy
