// The machine's instructions, one line each: name, and what it does with its operands (shown by the dumps).
// a: result register. b, c: operands (a register, or a constant where the dump prints one). d: where to go
// when the instruction has no result. n: a small count or flag. Everything below is made from this one table:
// the enum, names, dumps, and the machine's dispatch.
#pragma once

// clang-format off
#define SIGNALBOX_OPCODES(X)                                                                     \
  X(Move,         "a = b")                                                                       \
  X(Jump,         "go to d (n: because an expression did not hold)")                                                                  \
  X(Return,       "return b")                                                                    \
  X(Undefine,     "a = undefined")                                                               \
  /* documents */                                                                                \
  X(Input,        "a = input slot #b, else d")                                                   \
  X(Tree,         "a = document node #b, lazily")                                                \
  X(Dot,          "a = b[c], else d")                                                            \
  X(Force,        "a = b with virtual documents computed, else d")                               \
  X(Rule,         "a = rule set #b, else d")                                                     \
  /* tests */                                                                                    \
  X(Truthy,       "b is not false, else d")                                                      \
  X(Defined,      "b is defined, else d")                                                        \
  X(Equal,        "b == c, else d")                                                              \
  X(NotEqual,     "b != c, else d")                                                              \
  X(Less,         "b < c, else d")                                                               \
  X(LessEqual,    "b <= c, else d")                                                              \
  X(Greater,      "b > c, else d")                                                               \
  X(GreaterEqual, "b >= c, else d")                                                              \
  X(Member,       "b in c, else d")                                                              \
  X(IsArray,      "b is an array of n, else d")                                                  \
  X(IsObject,     "b is an object of n, else d")                                                 \
  /* loops */                                                                                    \
  X(ScanBegin,    "a, a+1 = iterator over b, else d")                                            \
  X(ScanNext,     "b, c = next key and value of iterator a, else d")                             \
  /* calls */                                                                                    \
  X(Add,          "a = b + c, else d")                                                           \
  X(Subtract,     "a = b - c, else d")                                                           \
  X(Multiply,     "a = b * c, else d")                                                           \
  X(Builtin,      "a = built-in #b (n registers from c), else d")                                \
  X(Call,         "a = function #b (n registers from c), else d")                                \
  X(CallMockable, "a = function #b (n registers from c) or what `with` put there, else d")       \
  X(BuiltinMockable, "a = built-in #b (n registers from c) or what `with` put there, else d")    \
  /* making collections */                                                                       \
  X(MakeArray,    "a = [n registers from b]")                                                    \
  X(MakeSet,      "a = {n registers from b}")                                                    \
  X(MakeObject,   "a = object of n pairs of registers from b")                                   \
  X(BeginArray,   "a = new array builder")                                                       \
  X(BeginSet,     "a = new set builder")                                                         \
  X(BeginObject,  "a = new object builder")                                                      \
  X(BeginDocument, "a = new document builder")                                                   \
  X(AddElement,   "builder a gets b")                                                            \
  X(AddMember,    "builder a gets b; rule #c said so if n")                                      \
  X(AddPair,      "builder a gets key b, value c")                                               \
  X(AddPath,      "document builder a gets c below the n keys from register b")                  \
  X(AddPathMember, "document builder a gets member c of the set below the n keys from b")        \
  X(BeginGroups,  "a = a builder of groups (n: sets, else arrays)")                              \
  X(AddGroup,     "builder a gets c in the group of the n keys from register b")                 \
  X(ArrayGroup,   "a = group of groups b for the n keys from register c; [] when there is none") \
  X(SetGroup,     "a = group of groups b for the n keys from register c; set() when there is none") \
  X(Finish,       "a = what builder b made")                                                     \
  X(Once,         "a = b, or a conflict if a has another value (n: of a function)")              \
  /* `with` */                                                                                   \
  X(ContextSave,  "a = the current context")                                                     \
  X(ContextNew,   "a = a new context within the current one")                                    \
  X(WithInput,    "context a: input below keys b is c")                                          \
  X(WithData,     "context a: data below keys b is c")                                           \
  X(WithValue,    "context a: calls of #b (n: 0 function, 1 built-in) give c")                   \
  X(WithFunction, "context a: calls of #b (n bit 0: built-in) go to #c (n bit 1: built-in)")     \
  X(Enter,        "the current context is a")                                                    \
  /* rule index */                                                                               \
  X(Candidates,   "a, a+1 = iterator over the rules that the index cannot rule out")             \
  X(NextRule,     "go to the next rule of iterator a, else d")                                   \
  X(FanBegin,     "a, a+1 = iterator over the members of fan #b that its index cannot rule out") \
  X(FanNext,      "b, c = next key and document of iterator a over fan n, else d")
// clang-format on

#include <cstdint>
#include <string_view>

namespace signalbox::policy {

enum class Opcode : std::uint16_t {
#define X(name, text) name,
  SIGNALBOX_OPCODES(X)
#undef X
};

std::string_view opcode_name(Opcode op);
/// The operand description of the table above.
std::string_view opcode_text(Opcode op);

}  // namespace signalbox::policy
