// Frames: the records of the ring, flat bytes. Encoded on the data path straight into the ring's memory,
// decoded by the writer in place: the views of a decoded frame point into the ring.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "actions/id.h"
#include "actions/lanes/job.h"

namespace signalbox::actions {

/// A record of the stream class: the line is written later, from these.
struct StreamFrame {
  Id id;
  std::int64_t time_ns = 0;
  std::uint64_t number = 0;    ///< of this producer, from 1, dropped ones counted: a gap shows
  std::string_view arguments;  ///< JSON object
  Durability durability = Durability::Process;
};

/// A decision record: the columns that are searched, and the whole as JSON.
struct DecisionFrame {
  Id id;
  std::int64_t time_ns = 0;
  std::uint64_t number = 0;
  std::string_view user;
  std::string_view verdict;
  std::string_view actions;  ///< names separated by blanks, no duplicates
  std::string_view body;
};

enum class GapClass : std::uint8_t { Stream, Decision };

/// Records of this producer that were dropped, by number.
struct GapFrame {
  GapClass of = GapClass::Stream;
  std::uint64_t from = 0, to = 0;
  std::int64_t time_ns = 0;
};

using Frame = std::variant<std::monostate, JobView, StreamFrame, DecisionFrame, GapFrame>;

std::size_t frame_size(const JobView& job);
std::size_t frame_size(const StreamFrame& stream);
std::size_t frame_size(const DecisionFrame& decision);
std::size_t frame_size(const GapFrame& gap);
/// `at` has room for frame_size() bytes.
void encode(char* at, const JobView& job);
void encode(char* at, const StreamFrame& stream);
void encode(char* at, const DecisionFrame& decision);
void encode(char* at, const GapFrame& gap);
/// monostate when the bytes are no frame, which would be a mistake of ours.
Frame decode(std::string_view bytes);

}  // namespace signalbox::actions
