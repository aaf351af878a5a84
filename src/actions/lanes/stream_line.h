// The lines of the stream class, as JSON without a line end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "actions/lanes/frames.h"

namespace signalbox::actions {

/// What numbers are counted in: a producer of one run of the gateway.
std::string stream_name(std::uint64_t boot, std::size_t producer);

/// {"time": ..., "stream": ..., "gap": {"from": ..., "to": ..., "count": ...}}
void append_gap(const GapFrame& gap, std::string_view stream, std::string& out);

/// {"time": ..., "id": ..., "stream": ..., "n": ..., and the arguments' members}
void append_line(const StreamFrame& stream, std::string_view name, std::string& out);

}  // namespace signalbox::actions
