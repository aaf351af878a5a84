// What the machine's registers hold beside Values: lazy documents, their iterators, and builders. Private to
// vm/.
#pragma once

#include "policy/value/builder.h"
#include "policy/vm/document_builder.h"
#include "policy/vm/group_builder.h"
#include "policy/vm/machine.h"

namespace signalbox::policy {

/// Tags of Value::internal.
enum InternalTag : std::uint8_t {
  kLazyTag = 1,
  kLazyScanTag = 2,
  kBuilderTag = 3,
  kContextTag = 4,
  kFunctionTag = 5
};

/// A document below `data` that is not computed yet: rules, base document and `with` overrides of one place.
struct Machine::Lazy {
  std::uint32_t node;                          ///< kNone: below the rule tree
  Value base;                                  ///< base document here; may be undefined
  std::span<const Override* const> overrides;  ///< those that go further below, oldest first
  std::uint32_t depth;                         ///< keys from `data` to here
};

struct Machine::LazyScan {
  const Lazy* lazy;
  Value keys;
};

struct Machine::Builder {
  Opcode kind;
  union {
    ArrayBuilder array;
    SetBuilder set;
    ObjectBuilder object;
    DocumentBuilder document;
    GroupBuilder groups;
  };
  Builder(GroupBuilder::Into into, Arena& arena) : kind(Opcode::BeginGroups), groups(arena, into) {}
  Builder(Opcode begin, Arena& arena) : kind(begin), array(arena) {
    if (begin == Opcode::BeginSet) new (&set) SetBuilder(arena);
    if (begin == Opcode::BeginObject) new (&object) ObjectBuilder(arena);
    if (begin == Opcode::BeginDocument) new (&document) DocumentBuilder(arena);
  }
};

}  // namespace signalbox::policy
