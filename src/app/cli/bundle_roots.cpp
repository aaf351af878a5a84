// Roots overlap when one is the other or lies below it. Texts are those of OPA.
#include "app/cli/bundle_roots.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>
#include <set>

namespace signalbox::app::cli {
namespace {

Diagnostics failed(std::string message) {
  return {{Severity::Error, "bundle_error", "bundle activation failed: " + std::move(message), {}, {}, {}}};
}

bool below(std::string_view path, std::string_view root) {
  return path.size() > root.size() && path.starts_with(root) && path[root.size()] == '/';
}

std::string pair_text(const std::string& a, const std::string& b) {
  if (a == b) return fmt::format("root {} is in multiple bundles", a);
  return below(b, a) ? fmt::format("{} overlaps {}", a, b) : fmt::format("{} overlaps {}", b, a);
}

}  // namespace

Diagnostics overlapping(const BundleRoots& bundles) {
  if (bundles.size() < 2) return {};
  std::vector<std::string> with_everything;
  std::set<std::string> names, pairs;
  for (auto a = bundles.begin(); a != bundles.end(); ++a) {
    if (std::ranges::find(a->second, "") != a->second.end()) with_everything.push_back(a->first);
    for (auto b = std::next(a); b != bundles.end(); ++b) {
      for (const auto& one : a->second) {
        for (const auto& other : b->second) {
          if (one != other && !below(one, other) && !below(other, one)) continue;
          names.insert({a->first, b->first});
          pairs.insert(pair_text(one, other));
        }
      }
    }
  }
  if (!with_everything.empty()) {
    return failed(
        fmt::format("bundles [{}] have overlapping roots and cannot be activated simultaneously because "
                    "bundle(s) [{}] specify empty root paths ('') which overlap with any other bundle root",
                    fmt::join(bundles | std::views::keys, ", "), fmt::join(with_everything, ", ")));
  }
  if (pairs.empty()) return {};
  return failed(fmt::format("detected overlapping roots in manifests for these bundles: [{}] ({})",
                            fmt::join(names, ", "), fmt::join(pairs, ", ")));
}

}  // namespace signalbox::app::cli
