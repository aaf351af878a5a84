// Functions that DDL gives another name, or another way to be called: by a trigger, an operator, a cast, an
// aggregate, a type, an index, a language. They are listed like calls.
//
// Surprise: CREATE FUNCTION ... LANGUAGE internal AS 'pg_read_file' makes a second pg_read_file; the string
// is the name that matters.
#include <algorithm>
#include <array>

#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

/// The definitions of operators, aggregates, types, ranges and text search parsers that name a function.
constexpr auto kCalled = std::to_array<std::string_view>(
    {"analyze",   "canonical", "combinefunc",  "deserialfunc", "end",        "finalfunc",
     "function",  "gettoken",  "headline",     "init",         "input",      "join",
     "lexize",    "lextypes",  "mfinalfunc",   "minvfunc",     "msfunc",     "output",
     "procedure", "receive",   "restrict",     "send",         "serialfunc", "sfunc",
     "start",     "subscript", "subtype_diff", "support",      "typmod_in",  "typmod_out"});

/// CREATE FUNCTION ... LANGUAGE internal AS 'name'.
std::string_view internal_name(const CreateFunctionStmt* create) {
  const DefElem *language = option(create->options, "language"), *source = option(create->options, "as");
  if (language == nullptr || source == nullptr || source->arg == nullptr) return {};
  if (string_in(language->arg) != "internal") return {};
  if (!IsA(source->arg, List)) return string_in(source->arg);
  return size_of(as<List>(source->arg)) > 0 ? string_in(nth(as<List>(source->arg), 0)) : std::string_view{};
}

}  // namespace

void Walker::callee(const List* name) {
  if (name == nullptr) return;
  const Name function = system_name_in(name);
  out_.function(function.schema, function.name, false);
}

void Walker::callees_in(const List* definition) {
  for (const ListCell& cell : Cells(definition)) {
    if (!IsA(in(cell), DefElem)) continue;
    const auto* one = in<DefElem>(cell);
    if (one->arg == nullptr || std::ranges::find(kCalled, text_of(one->defname)) == kCalled.end()) continue;
    if (IsA(one->arg, TypeName)) callee(as<TypeName>(one->arg)->names);
    if (IsA(one->arg, List)) callee(as<List>(one->arg));
  }
}

void Walker::callees(const Node* node) {
  const auto called = [&](const ObjectWithArgs* function) {
    if (function != nullptr) callee(function->objname);
  };
  switch (nodeTag(node)) {
    case T_CreateTrigStmt: return callee(as<CreateTrigStmt>(node)->funcname);
    case T_CreateEventTrigStmt: return callee(as<CreateEventTrigStmt>(node)->funcname);
    case T_CreateCastStmt: return called(as<CreateCastStmt>(node)->func);
    case T_CreateTransformStmt:
      called(as<CreateTransformStmt>(node)->fromsql);
      return called(as<CreateTransformStmt>(node)->tosql);
    case T_DefineStmt: return callees_in(as<DefineStmt>(node)->definition);
    case T_CreateRangeStmt: return callees_in(as<CreateRangeStmt>(node)->params);
    case T_AlterTypeStmt: return callees_in(as<AlterTypeStmt>(node)->options);
    case T_AlterOperatorStmt: return callees_in(as<AlterOperatorStmt>(node)->options);
    case T_CreateConversionStmt: return callee(as<CreateConversionStmt>(node)->func_name);
    case T_CreateAmStmt: return callee(as<CreateAmStmt>(node)->handler_name);
    case T_CreatePLangStmt:
      callee(as<CreatePLangStmt>(node)->plhandler);
      callee(as<CreatePLangStmt>(node)->plinline);
      return callee(as<CreatePLangStmt>(node)->plvalidator);
    case T_CreateFdwStmt: return wrappers(as<CreateFdwStmt>(node)->func_options);
    case T_AlterFdwStmt: return wrappers(as<AlterFdwStmt>(node)->func_options);
    case T_CreateOpClassStmt: return class_items(as<CreateOpClassStmt>(node)->items);
    case T_AlterOpFamilyStmt: return class_items(as<AlterOpFamilyStmt>(node)->items);
    case T_AlterFunctionStmt: return support(as<AlterFunctionStmt>(node)->actions);
    case T_CreateFunctionStmt:
      support(as<CreateFunctionStmt>(node)->options);
      if (const std::string_view name = internal_name(as<CreateFunctionStmt>(node)); !name.empty())
        out_.function("", name, false);
      return;
    default: return;
  }
}

/// SUPPORT f: the planner calls it.
void Walker::support(const List* options) {
  const DefElem* function = option(options, "support");
  if (function != nullptr && function->arg != nullptr && IsA(function->arg, List))
    callee(as<List>(function->arg));
}

/// HANDLER f VALIDATOR g
void Walker::wrappers(const List* options) {
  for (const ListCell& cell : Cells(options))
    if (in<DefElem>(cell)->arg != nullptr && IsA(in<DefElem>(cell)->arg, List))
      callee(as<List>(in<DefElem>(cell)->arg));
}

/// FUNCTION 1 f (int, int)
void Walker::class_items(const List* items) {
  for (const ListCell& cell : Cells(items)) {
    const auto* item = in<CreateOpClassItem>(cell);
    if (item->itemtype == OPCLASS_ITEM_FUNCTION && item->name != nullptr) callee(item->name->objname);
  }
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
