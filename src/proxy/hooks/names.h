// Names: what a session's prepared statements and cursors stand for, as far as the gateway has seen them
// come.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/hooks/event.h"

namespace signalbox::proxy {

class Names {
 public:
  enum class Knowledge : std::uint8_t {
    Known,    ///< `text` says it
    TooLong,  ///< seen, but not kept
    Earlier,  ///< not seen, because nobody read statements when it may have come
    Never,    ///< everything was read, and it did not come: the server has none, or code made it
  };
  struct Found {
    Knowledge knowledge = Knowledge::Never;
    NamedText named;
    std::vector<std::uint32_t> described = {};  ///< OIDs of its parameters' types, when the server has said
    bool at_server = false;  ///< it has been prepared there: it is not this very query that does
    /// Values were bound when it was opened, which are not kept; what was decided then still holds.
    bool decided_when_opened = false;
  };
  virtual ~Names() = default;
  virtual Found prepared(std::string_view name) const = 0;
  virtual Found cursor(std::string_view name) const = 0;
};

/// What a statement does to the names, once it has succeeded.
struct NameChange {
  enum class What : std::uint8_t {
    Prepare,
    Deallocate,
    DeallocateAll,
    Declare,
    Close,
    CloseAll,
    DiscardAll,
  };
  What what = What::Prepare;
  std::uint32_t statement = 0;  ///< which of the query's, from 0
  std::string name;
  std::uint32_t offset = 0;  ///< its text, within the query's
  std::uint32_t length = 0;
};

}  // namespace signalbox::proxy
