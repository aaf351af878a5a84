// Candidates within 40 % of the word's length (plus one) in edit distance, nearest first, at most five.
#include "policy/builtins/graphql/suggestions.h"

#include <algorithm>
#include <numeric>

namespace signalbox::policy::graphql {
namespace {

constexpr std::size_t kMostShown = 5;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// Damerau-Levenshtein distance; a difference of case only counts as one.
std::size_t distance(std::string_view from, std::string_view to) {
  if (from == to) return 0;
  std::string a = lower(from), b = lower(to);
  if (a == b) return 1;
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + cost);
    }
  return rows[a.size()][b.size()];
}

std::string list(std::string_view prefix, const std::vector<std::string_view>& names, Quoting quoting) {
  if (names.empty()) return {};
  std::string out = " " + std::string(prefix) + " ";
  std::size_t shown = std::min(names.size(), kMostShown);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 < shown ? ", " : shown > 2 ? ", or " : " or ";
    out += quoting == Quoting::Quoted ? "\"" + std::string(names[i]) + "\"" : std::string(names[i]);
  }
  return out + "?";
}

}  // namespace

std::vector<std::string_view> names_of(std::span<const Value> nodes) {
  std::vector<std::string_view> out;
  for (const Value& node : nodes) out.push_back(text_in(node, "Name"));
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                         Quoting quoting, std::string_view prefix) {
  std::vector<std::pair<std::size_t, std::string_view>> near;
  auto threshold = static_cast<std::size_t>(static_cast<double>(word.size()) * 0.4) + 1;
  for (std::string_view candidate : candidates)
    if (std::size_t d = distance(word, candidate); d <= threshold) near.emplace_back(d, candidate);
  std::ranges::sort(near);
  std::vector<std::string_view> names;
  for (auto& [d, name] : near) names.push_back(name);
  return list(prefix, names, quoting);
}

std::string did_you_mean_types(const Schema& schema, std::string_view word) {
  std::vector<std::string_view> names;
  for (const auto& [name, def] : schema.types) names.push_back(name);
  return did_you_mean(word, names, Quoting::Quoted);
}

std::string did_you_mean_field(const Schema& schema, const Definition& parent, std::string_view field) {
  if (parent.is_abstract()) {
    std::vector<std::string_view> having;
    if (auto at = schema.possible_types.find(parent.name); at != schema.possible_types.end())
      for (std::string_view type : at->second)
        if (const Definition* def = schema.find(type); def != nullptr && named(def->fields, field))
          having.push_back(type);
    if (!having.empty()) return list("Did you mean to use an inline fragment on", having, Quoting::Quoted);
  }
  if (parent.kind != "OBJECT" && parent.kind != "INTERFACE") return {};
  return did_you_mean(field, names_of(parent.fields), Quoting::Quoted);
}

}  // namespace signalbox::policy::graphql
