// Detector: raises one signal, `input.signals.NAME`. One file each, one line in list.cpp. What it needs is
// computed when a policy reads the signal, and what it must remember is remembered only while the loaded
// policies read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "policy/value/value.h"
#include "proxy/hooks/fact.h"

namespace signalbox::proxy {

/// What detectors may see happen, in all sessions of their worker.
enum class Sight : std::uint8_t {
  Permitted,    ///< a statement has been decided, and passes: Event::query
  Refused,      ///< a statement has been decided, and does not
  Answered,     ///< a statement's answer has come: Event::response
  LoginFailed,  ///< the server, or the gateway in its place, does not believe the client
  Violation,    ///< the client broke the protocol
};
constexpr std::size_t kSightCount = 5;

class Sights {
 public:
  constexpr Sights() = default;
  constexpr Sights(std::initializer_list<Sight> sights) {
    for (const Sight one : sights) bits_ |= bit(one);
  }
  constexpr bool has(Sight sight) const { return (bits_ & bit(sight)) != 0; }
  constexpr void add(Sights other) { bits_ |= other.bits_; }

 private:
  static constexpr std::uint8_t bit(Sight sight) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(sight));
  }
  std::uint8_t bits_ = 0;
};

/// What a detector remembers on one worker, within its bounds. Never shared between threads.
class DetectorMemory {
 public:
  virtual ~DetectorMemory() = default;
  /// Event::time_ns is set.
  virtual void see(Sight sight, const Event& event) = 0;
  /// The signal as it stands for this event; undefined when it is not raised.
  virtual policy::Value signal(const Event& event, policy::Arena& arena) const = 0;
};

struct Detector {
  std::string_view name;     ///< a word: input.signals.NAME
  std::string_view path;     ///< "signals.NAME"
  std::string_view summary;  ///< one sentence
  std::string_view raised;   ///< when, and at which hooks
  std::string_view schema;   ///< JSON Schema of the signal: an object with `value`
  DependsOn depends_on;
  /// Of a detector that remembers nothing: the signal, or undefined.
  policy::Value (*signal)(const EventView& view, policy::Arena& arena) = nullptr;
  /// Of one that remembers: what it wants to see, and its empty memory.
  Sights sights = {};
  std::unique_ptr<DetectorMemory> (*memory)() = nullptr;
  std::string_view bounds = {};  ///< of its memory, for the documents
};

/// The signal of a detector that remembers, as its worker knows it: what its Detector::signal calls.
policy::Value remembered(const Detector& detector, const EventView& view, policy::Arena& arena);

}  // namespace signalbox::proxy
