// tag: what policies note about a session.
#include "proxy/lane/lane.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kLongestTag = 1024;

}  // namespace

Task<LaneOutcome> run_tag(LaneCall call) {
  const std::string name = call.with.text_or("name", "");
  const std::string value = text_of(call, "value");
  if (name.size() + value.size() > kLongestTag) co_return LaneOutcome{.failed = "the tag is too long"};
  if (!call.host.tag(name, value)) co_return LaneOutcome{.failed = "the session has too many tags"};
  co_return LaneOutcome{};
}

}  // namespace signalbox::proxy
