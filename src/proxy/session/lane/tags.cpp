// Each change is one of the session's facts: what was decided before it is decided again.
#include "proxy/session/lane/tags.h"

#include <algorithm>

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMostTags = 64;

}  // namespace

bool Tags::note(std::string_view name, std::string_view value) {
  if (!waiting_) return put(name, value);
  std::erase_if(noted_, [&](const auto& tag) { return tag.first == name; });
  if (session_.tags.size() + noted_.size() >= kMostTags) return false;
  noted_.emplace_back(name, value);
  return true;
}

void Tags::passed(char type) {
  if (noted_.empty()) return;
  switch (type) {
    case 'Q':
    case 'E':
    case 'F': return settle();
    case 'B': bound_ = true; return;
    case 'S':
      if (bound_) settle();
      noted_.clear();
      return;
    default: return;
  }
}

void Tags::settle() {
  for (const auto& [name, value] : noted_) put(name, value);
  noted_.clear();
  bound_ = false;
}

bool Tags::put(std::string_view name, std::string_view value) {
  auto& tags = session_.tags;
  const auto known = std::ranges::find_if(tags, [&](const auto& tag) { return tag.first == name; });
  if (known != tags.end() && known->second == value) return true;
  if (known == tags.end() && tags.size() >= kMostTags) return false;
  if (known == tags.end()) {
    tags.emplace_back(name, value);
  } else {
    known->second = value;
  }
  ++session_.generation;
  return true;
}

}  // namespace signalbox::proxy
