// The words of facts.h: how an enumerator is spelt in the input document.
#include "sql/facts.h"

namespace signalbox::sql {

std::string_view to_string(Access access) {
  switch (access) {
    case Access::Read: return "read";
    case Access::Lock: return "lock";
    case Access::Write: return "write";
    case Access::Define: return "define";
  }
  return "define";
}

std::string_view volatility_word(char volatility) {
  switch (volatility) {
    case 'i': return "immutable";
    case 's': return "stable";
    default: return "volatile";
  }
}

}  // namespace signalbox::sql
