// A frame is a tag, a fixed head that is copied as it stands, and its texts one after the other with their
// lengths in the head. Both ends are the same process, so byte order and layout are the compiler's.
#include "actions/lanes/frames.h"

#include <array>
#include <cstring>

namespace signalbox::actions {

namespace {

enum class Tag : std::uint64_t { Job = 1, Stream, Decision, Gap };

template <std::size_t N>
using Texts = std::array<std::string_view, N>;

template <class Head, std::size_t N>
struct Layout {
  Tag tag;
  Head head;
  std::array<std::uint32_t, N> lengths;
};

template <class Head, std::size_t N>
std::size_t size_of(const Texts<N>& texts) {
  std::size_t size = sizeof(Layout<Head, N>);
  for (const auto& text : texts) size += text.size();
  return size;
}

template <class Head, std::size_t N>
void put(char* at, Tag tag, const Head& head, const Texts<N>& texts) {
  static_assert(std::is_trivially_copyable_v<Head>);
  Layout<Head, N> layout{tag, head, {}};
  for (std::size_t i = 0; i < N; ++i) layout.lengths[i] = static_cast<std::uint32_t>(texts[i].size());
  std::memcpy(at, &layout, sizeof layout);
  at += sizeof layout;
  for (const auto& text : texts) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
}

/// False when the lengths do not add up.
template <class Head, std::size_t N>
bool take(std::string_view bytes, Head& head, Texts<N>& texts) {
  Layout<Head, N> layout;
  if (bytes.size() < sizeof layout) return false;
  std::memcpy(&layout, bytes.data(), sizeof layout);
  bytes.remove_prefix(sizeof layout);
  head = layout.head;
  for (std::size_t i = 0; i < N; ++i) {
    if (bytes.size() < layout.lengths[i]) return false;
    texts[i] = bytes.substr(0, layout.lengths[i]);
    bytes.remove_prefix(layout.lengths[i]);
  }
  return bytes.empty();
}

// The heads are the public structs: their views are overwritten by the decoded texts.
Texts<3> texts_of(const JobView& job) {
  return {job.action, job.sink, job.arguments};
}
Texts<1> texts_of(const StreamFrame& stream) {
  return {stream.arguments};
}
Texts<4> texts_of(const DecisionFrame& d) {
  return {d.user, d.verdict, d.actions, d.body};
}

}  // namespace

std::size_t frame_size(const JobView& job) {
  return size_of<JobView>(texts_of(job));
}
std::size_t frame_size(const StreamFrame& stream) {
  return size_of<StreamFrame>(texts_of(stream));
}
std::size_t frame_size(const DecisionFrame& decision) {
  return size_of<DecisionFrame>(texts_of(decision));
}
std::size_t frame_size(const GapFrame&) {
  return size_of<GapFrame>(Texts<0>{});
}

void encode(char* at, const JobView& job) {
  put(at, Tag::Job, job, texts_of(job));
}
void encode(char* at, const StreamFrame& stream) {
  put(at, Tag::Stream, stream, texts_of(stream));
}
void encode(char* at, const DecisionFrame& decision) {
  put(at, Tag::Decision, decision, texts_of(decision));
}
void encode(char* at, const GapFrame& gap) {
  put(at, Tag::Gap, gap, Texts<0>{});
}

Frame decode(std::string_view bytes) {
  Tag tag;
  if (bytes.size() < sizeof tag) return {};
  std::memcpy(&tag, bytes.data(), sizeof tag);
  switch (tag) {
    case Tag::Job: {
      JobView job;
      Texts<3> texts;
      if (!take(bytes, job, texts)) return {};
      job.action = texts[0], job.sink = texts[1], job.arguments = texts[2];
      return job;
    }
    case Tag::Stream: {
      StreamFrame stream;
      Texts<1> texts;
      if (!take(bytes, stream, texts)) return {};
      stream.arguments = texts[0];
      return stream;
    }
    case Tag::Decision: {
      DecisionFrame d;
      Texts<4> texts;
      if (!take(bytes, d, texts)) return {};
      d.user = texts[0], d.verdict = texts[1], d.actions = texts[2], d.body = texts[3];
      return d;
    }
    case Tag::Gap: {
      GapFrame gap;
      Texts<0> texts;
      if (!take(bytes, gap, texts)) return {};
      return gap;
    }
  }
  return {};
}

}  // namespace signalbox::actions
