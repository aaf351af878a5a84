// PostgreSQL's parse-tree nodes as C++ sees them, and the few readers that every walker needs.
// Compiled once for each grammar, with that version's headers; SIGNALBOX_GRAMMAR names the namespace
// (grammar15, ...).
//
// Surprise: libpg_query makes PostgreSQL's global variables thread-local, the server's headers declare them
// plain. The headers' declarations are renamed away and the true ones stand below.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#ifdef SIGNALBOX_SERVER_HEADERS
#define PG_exception_stack server_PG_exception_stack
#define error_context_stack server_error_context_stack
#define CurrentMemoryContext server_CurrentMemoryContext
#define standard_conforming_strings server_standard_conforming_strings
#define escape_string_warning server_escape_string_warning
#define backslash_quote server_backslash_quote
#endif

extern "C" {
#include "postgres.h"
//
#include "nodes/nodes.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "parser/parser.h"
#include "storage/lockdefs.h"
#include "utils/memutils.h"
}

#ifdef SIGNALBOX_SERVER_HEADERS
#undef PG_exception_stack
#undef error_context_stack
#undef CurrentMemoryContext
#undef standard_conforming_strings
#undef escape_string_warning
#undef backslash_quote
extern "C" {
extern __thread sigjmp_buf* PG_exception_stack;
extern __thread ErrorContextCallback* error_context_stack;
extern __thread MemoryContext CurrentMemoryContext;
extern __thread bool standard_conforming_strings;
extern __thread bool escape_string_warning;
extern __thread int backslash_quote;
}
#endif

extern "C" {
void pg_query_init(void);
MemoryContext pg_query_enter_memory_context(void);
void pg_query_exit_memory_context(MemoryContext context);
}

// The server's headers define these as macros; they would rewrite our own calls.
#undef printf
#undef snprintf
#undef sprintf
#undef fprintf
#undef vsnprintf
#undef strerror
#undef Min
#undef Max
#undef Abs
#undef _
#undef gettext

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

template <class T>
const T* as(const void* node) {
  return static_cast<const T*>(node);
}

/// The cells of a List of nodes; a null list is empty.
class Cells {
 public:
  explicit Cells(const List* list) : list_(list) {}
  const ListCell* begin() const { return list_ == nullptr ? nullptr : list_->elements; }
  const ListCell* end() const { return list_ == nullptr ? nullptr : list_->elements + list_->length; }

 private:
  const List* list_;
};

template <class T = Node>
const T* in(const ListCell& cell) {
  return static_cast<const T*>(cell.ptr_value);
}

inline int size_of(const List* list) {
  return list == nullptr ? 0 : list->length;
}
template <class T = Node>
const T* nth(const List* list, int i) {
  return static_cast<const T*>(list->elements[i].ptr_value);
}

inline std::string_view text_of(const char* text) {
  return text == nullptr ? std::string_view{} : text;
}

/// The text of a String node, "" for any other.
inline std::string_view string_in(const Node* node) {
  return node != nullptr && IsA(node, String) ? text_of(as<String>(node)->sval) : std::string_view{};
}

/// A dotted name, e.g. {"public", "t"}; a database name in front is dropped.
struct Name {
  std::string_view schema;
  std::string_view name;
};

inline Name name_in(const List* names) {
  const int n = size_of(names);
  return {n > 1 ? string_in(nth(names, n - 2)) : std::string_view{},
          n > 0 ? string_in(nth(names, n - 1)) : std::string_view{}};
}

/// As name_in, with pg_catalog left out: PostgreSQL searches it first anyway.
inline Name system_name_in(const List* names) {
  Name name = name_in(names);
  if (name.schema == "pg_catalog") name.schema = {};
  return name;
}

inline const DefElem* option(const List* options, std::string_view name) {
  const DefElem* found = nullptr;
  for (const ListCell& cell : Cells(options))
    if (IsA(in(cell), DefElem) && text_of(in<DefElem>(cell)->defname) == name) found = in<DefElem>(cell);
  return found;
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
