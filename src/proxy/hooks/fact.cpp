// The table put together.
#include "proxy/hooks/fact.h"

#include <algorithm>
#include <vector>

namespace signalbox::proxy {

std::span<const Fact> facts() {
  static const std::vector<Fact> all = [] {
    std::vector<Fact> rows;
    for (const auto group : {connection_facts(), query_facts(), response_facts(), signal_facts()}) {
      rows.insert(rows.end(), group.begin(), group.end());
    }
    std::ranges::sort(rows, {}, &Fact::path);
    return rows;
  }();
  return all;
}

}  // namespace signalbox::proxy
