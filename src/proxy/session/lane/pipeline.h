// Pipeline: how much of a client's pipeline is here, and whether a session may take it along on a visit to
// another server (docs/routing.md). Sees bytes only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace signalbox::proxy {

/// May a session move before this message? It is a Query, or a Parse of the unnamed statement: what was
/// prepared before, and has no name, ends with it.
bool begins_anew(std::string_view bytes);

class Pipeline {
 public:
  enum class Extent : std::uint8_t {
    Many,     ///< it holds another statement, or one from before
    Partial,  ///< one statement as far as it is here
    Open,     ///< the same, and its client may be waiting for the answer to a Flush
    Whole,    ///< one statement, up to its Sync
  };
  /// `bytes` begin with the first message, which begins anew. They may be longer the next time.
  Extent look(std::string_view bytes);

 private:
  std::size_t at_ = 0;  ///< up to here all has been looked at
  bool flushed_ = false;
};

}  // namespace signalbox::proxy
