// Answer: what the server says to one statement, as far as policies may want to know it. Only kept where a
// policy subscribes to the way back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/hooks/event.h"

namespace signalbox::proxy {

struct Answer {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string names;  ///< of the columns, one after the other
  std::vector<std::size_t> name_ends;
  std::vector<ColumnFact> columns;  ///< their names are put in when they are asked for
  bool described = false;
  bool decided = false;  ///< policies have seen the message that ends it

  void begin() {
    rows = bytes = 0;
    names.clear(), name_ends.clear(), columns.clear();
    described = decided = false;
  }
};

}  // namespace signalbox::proxy
