// Value: what Rego computes with. 16 bytes, trivially copyable, immutable; it borrows its memory from an
// Arena (or from a constant) and is valid as long as that is. Objects and sets keep their entries sorted by
// Rego's total order, so that iteration, printing, comparison and equality are deterministic and cheap;
// larger ones carry a hash index for look-ups as well. "Undefined" is not a Rego value: it is the sentinel of
// an expression without a value, and never sits in a container.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/value/arena.h"

namespace signalbox::policy {

/// In Rego's total order. Undefined is the sentinel.
enum class Kind : std::uint8_t { Undefined, Null, Boolean, Number, String, Array, Object, Set };

/// The name `type_name()` and OPA's messages use: "null", "boolean", "number", "string", "array", "object",
/// "set".
std::string_view kind_name(Kind kind);

class Value;
struct Pair;
struct ObjectRep;
struct SetRep;
struct DecimalRep;

class Value {
 public:
  constexpr Value() : kind_(Kind::Undefined), rep_(0), unused_(0), size_(0), bits_(0) {}

  static constexpr Value undefined() { return {}; }
  static constexpr Value null() { return {Kind::Null, 0, 0, std::int64_t{0}}; }
  static constexpr Value boolean(bool b) { return {Kind::Boolean, 0, 0, std::int64_t{b}}; }
  static constexpr Value integer(std::int64_t i) { return {Kind::Number, kInteger, 0, i}; }
  /// Borrows: the bytes must outlive the value. See copy_string below for text that does not.
  static constexpr Value string(std::string_view text) {
    return {Kind::String, 0, static_cast<std::uint32_t>(text.size()), text.data()};
  }
  /// Borrows: the elements must outlive the value.
  static constexpr Value array(std::span<const Value> elements) {
    return {Kind::Array, 0, static_cast<std::uint32_t>(elements.size()), elements.data()};
  }
  static constexpr Value object(const ObjectRep* rep);
  static constexpr Value set(const SetRep* rep);
  static Value decimal(const DecimalRep* rep) { return {Kind::Number, kDecimal, 0, rep}; }

  /// The machine's own things in a register (iterators, builders, contexts, lazy documents): undefined to
  /// everyone else. `tag` is not 0.
  static Value internal(std::uint8_t tag, const void* thing) { return {tag, thing}; }
  std::uint8_t internal_tag() const { return kind_ == Kind::Undefined ? rep_ : 0; }
  const void* internal_thing() const { return thing_; }

  constexpr Kind kind() const { return kind_; }
  constexpr explicit operator bool() const { return kind_ != Kind::Undefined; }
  constexpr bool is_undefined() const { return kind_ == Kind::Undefined; }
  constexpr bool is_null() const { return kind_ == Kind::Null; }
  constexpr bool is_boolean() const { return kind_ == Kind::Boolean; }
  constexpr bool is_number() const { return kind_ == Kind::Number; }
  constexpr bool is_string() const { return kind_ == Kind::String; }
  constexpr bool is_array() const { return kind_ == Kind::Array; }
  constexpr bool is_object() const { return kind_ == Kind::Object; }
  constexpr bool is_set() const { return kind_ == Kind::Set; }
  constexpr bool is_true() const { return kind_ == Kind::Boolean && bits_ != 0; }
  constexpr bool is_false() const { return kind_ == Kind::Boolean && bits_ == 0; }
  /// A number written as a plain integer that fits 64 bits. `1.0` and `1e2` are numbers, but not this.
  constexpr bool is_integer() const { return kind_ == Kind::Number && rep_ == kInteger; }

  // Access; the caller has checked the kind.
  constexpr bool as_boolean() const { return bits_ != 0; }
  constexpr std::int64_t as_integer() const { return bits_; }
  constexpr std::string_view as_string() const { return {text_, size_}; }
  constexpr std::span<const Value> as_array() const { return {elements_, size_}; }
  std::span<const Pair> as_object() const;  ///< sorted by key
  std::span<const Value> as_set() const;    ///< sorted
  constexpr const DecimalRep* as_decimal() const { return decimal_; }

  /// Bytes of a string, elements of a collection; 0 for the rest.
  constexpr std::uint32_t size() const { return size_; }

  /// Rego's `collection[key]`: element of an array, value of an object, member of a set; undefined when
  /// absent or when this is no collection.
  Value at(Value key) const;
  /// Object member by name; undefined when absent or when this is no object.
  Value at(std::string_view key) const;
  /// Set membership.
  bool contains(Value element) const;

  /// Identical representation: implies equality; the fast path of operator==.
  constexpr bool same_bits(const Value& other) const {
    return kind_ == other.kind_ && rep_ == other.rep_ && size_ == other.size_ && bits_ == other.bits_;
  }

  const ObjectRep* object_rep() const { return object_; }
  const SetRep* set_rep() const { return set_; }

 private:
  enum : std::uint8_t { kInteger = 0, kDecimal = 1 };
  constexpr Value(Kind kind, std::uint8_t rep, std::uint32_t size, std::int64_t bits)
      : kind_(kind), rep_(rep), unused_(0), size_(size), bits_(bits) {}
  constexpr Value(Kind kind, std::uint8_t rep, std::uint32_t size, const char* text)
      : kind_(kind), rep_(rep), unused_(0), size_(size), text_(text) {}
  constexpr Value(Kind kind, std::uint8_t rep, std::uint32_t size, const Value* elements)
      : kind_(kind), rep_(rep), unused_(0), size_(size), elements_(elements) {}
  constexpr Value(Kind kind, std::uint8_t rep, std::uint32_t size, const DecimalRep* decimal)
      : kind_(kind), rep_(rep), unused_(0), size_(size), decimal_(decimal) {}
  constexpr Value(Kind kind, std::uint8_t rep, std::uint32_t size, const ObjectRep* object)
      : kind_(kind), rep_(rep), unused_(0), size_(size), object_(object) {}
  constexpr Value(Kind kind, std::uint8_t rep, std::uint32_t size, const SetRep* set)
      : kind_(kind), rep_(rep), unused_(0), size_(size), set_(set) {}

  Value(std::uint8_t tag, const void* thing)
      : kind_(Kind::Undefined), rep_(tag), unused_(0), size_(0), thing_(thing) {}

  Kind kind_;
  std::uint8_t rep_;
  [[maybe_unused]] std::uint16_t unused_;
  std::uint32_t size_;
  union {
    std::int64_t bits_;
    const char* text_;
    const Value* elements_;
    const DecimalRep* decimal_;
    const ObjectRep* object_;
    const SetRep* set_;
    const void* thing_;
  };
};
static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

/// An entry of an object.
struct Pair {
  Value key;
  Value value;
};

/// Hash index over the entries of an object or set: slot = entry number + 1, 0 = empty. Null below kIndexFrom
/// entries.
struct EntryIndex {
  const std::uint32_t* slots = nullptr;
  std::uint32_t mask = 0;
  static constexpr std::uint32_t kIndexFrom = 12;
};
struct ObjectRep {
  std::uint32_t count;
  EntryIndex index;
  const Pair* pairs;
};
struct SetRep {
  std::uint32_t count;
  EntryIndex index;
  const Value* elements;
};

constexpr Value Value::object(const ObjectRep* rep) {
  return {Kind::Object, 0, rep->count, rep};
}
constexpr Value Value::set(const SetRep* rep) {
  return {Kind::Set, 0, rep->count, rep};
}
inline std::span<const Pair> Value::as_object() const {
  return {object_->pairs, size_};
}
inline std::span<const Value> Value::as_set() const {
  return {set_->elements, size_};
}

/// Rego's total order: null < boolean < number < string < array < object < set; numbers by value ("1" equals
/// "1.0").
int compare(const Value& a, const Value& b);
bool equal_slow(const Value& a, const Value& b);
inline bool operator==(const Value& a, const Value& b) {
  if (a.same_bits(b)) return true;
  if (a.kind() != b.kind()) return false;
  return equal_slow(a, b);
}
inline bool operator<(const Value& a, const Value& b) {
  return compare(a, b) < 0;
}

/// Equal values have equal hashes.
std::uint64_t hash(const Value& value);
std::uint64_t hash(std::string_view text);

// Construction in an arena. Everything given in must live as long as the arena; copy() moves foreign values
// in.

Value copy_string(Arena& arena, std::string_view text);
Value make_array(Arena& arena, std::span<const Value> elements);
/// Any order, duplicates allowed.
Value make_set(Arena& arena, std::span<const Value> elements);
/// Any order; of equal keys the last wins.
Value make_object(Arena& arena, std::span<const Pair> pairs);
/// Takes the entries over: already in the arena, sorted, without duplicates.
Value adopt_sorted_set(Arena& arena, std::span<const Value> elements);
Value adopt_sorted_object(Arena& arena, std::span<const Pair> pairs);
/// A deep copy into `arena`.
Value copy(Arena& arena, const Value& value);

extern const Value kEmptyObject;
extern const Value kEmptySet;
inline constexpr Value kEmptyArray = Value::array({});
inline constexpr Value kTrue = Value::boolean(true);
inline constexpr Value kFalse = Value::boolean(false);

/// The value as Rego source (sets as {1, 2}, empty set as set()), the form OPA's String() and sprintf("%v")
/// give.
std::string to_rego(const Value& value);

}  // namespace signalbox::policy

template <>
struct std::hash<signalbox::policy::Value> {
  std::size_t operator()(const signalbox::policy::Value& value) const {
    return signalbox::policy::hash(value);
  }
};
