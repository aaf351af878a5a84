// Editing: an answer whose rows are edited on their way to the client. Only where a policy asks for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/rows/copy_edit.h"
#include "proxy/rows/row_edit.h"

namespace signalbox::proxy {

struct Editing {
  std::optional<RowEdit> rows;
  std::optional<CopyEdit> copy;
  bool hides = false;  ///< values are hidden: what the server says in words is withheld

  bool row(char type, std::string_view body, std::string& out) {
    if (type == 'd' && copy) return copy->data(body, out);
    return type == 'D' && rows && rows->row(body, out);
  }
  bool capped() const { return copy ? copy->rows().capped() : rows && rows->capped(); }
  std::uint64_t passed() const { return copy ? copy->rows().passed() : rows ? rows->passed_now() : 0; }
};

}  // namespace signalbox::proxy
