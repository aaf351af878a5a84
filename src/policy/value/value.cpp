// Values: look-up, total order, equality and hashing.
// The idea: everything is sorted at construction, so order and equality are linear walks; big collections add
// a hash index, so a look-up does not pay for the order. The surprise: numbers hash by value, because 1, 1.0
// and 1e0 are one key of an object.
#include "policy/value/value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "policy/value/number.h"
#include "policy/value/work.h"

namespace signalbox::policy {
namespace {

/// A copied element takes memory: more than a compared one.
constexpr std::uint64_t kCostOfWriting = 4;
constexpr std::uint64_t kMix = 0x9E37'79B9'7F4A'7C15u;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ kMix) * (b ^ 0xE703'7ED1'A0B4'28DBu);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* at, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

std::uint64_t hash_number(const Value& number) {
  if (const auto whole = to_int64(number)) return mix(static_cast<std::uint64_t>(*whole), 3);
  return mix(std::bit_cast<std::uint64_t>(to_double(number)), 3);
}

template <class T>
int three_way(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_elements(std::span<const Value> a, std::span<const Value> b) {
  const std::size_t common = std::min(a.size(), b.size());
  if (!Work::spend(common)) return 0;
  for (std::size_t i = 0; i < common; ++i) {
    if (const int c = compare(a[i], b[i])) return c;
  }
  return three_way(a.size(), b.size());
}

int compare_objects(std::span<const Pair> a, std::span<const Pair> b) {
  const std::size_t common = std::min(a.size(), b.size());
  if (!Work::spend(common)) return 0;
  for (std::size_t i = 0; i < common; ++i) {
    if (const int c = compare(a[i].key, b[i].key)) return c;
    if (const int c = compare(a[i].value, b[i].value)) return c;
  }
  return three_way(a.size(), b.size());
}

const Value& key_of(const Value& entry) {
  return entry;
}
const Value& key_of(const Pair& entry) {
  return entry.key;
}

/// Equality of an entry's key with a string: most keys are strings, and most differ in length or first byte.
bool is_text(const Value& key, const Value& text) {
  if (key.kind() != Kind::String || key.size() != text.size()) return false;
  const char *a = key.as_string().data(), *b = text.as_string().data();
  return a == b || (text.size() == 0 || (*a == *b && std::memcmp(a, b, text.size()) == 0));
}

template <class Entry>
const Entry* find(const EntryIndex& index, std::span<const Entry> entries, const Value& key) {
  if (index.slots == nullptr && key.is_string()) {
    for (const Entry& entry : entries) {
      if (is_text(key_of(entry), key)) return &entry;
    }
    return nullptr;
  }
  if (index.slots == nullptr) {
    for (const Entry& entry : entries) {
      if (key_of(entry) == key) return &entry;
    }
    return nullptr;
  }
  for (std::uint64_t at = hash(key);; ++at) {
    const std::uint32_t slot = index.slots[at & index.mask];
    if (slot == 0) return nullptr;
    if (key_of(entries[slot - 1]) == key) return &entries[slot - 1];
  }
}

template <class Entry>
EntryIndex make_index(Arena& arena, std::span<const Entry> entries) {
  if (entries.size() < EntryIndex::kIndexFrom) return {};
  const auto capacity = std::bit_ceil(static_cast<std::uint32_t>(entries.size() + entries.size() / 2));
  auto* slots = arena.allocate_array<std::uint32_t>(capacity);
  std::fill_n(slots, capacity, 0u);
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    std::uint64_t at = hash(key_of(entries[i]));
    while (slots[at & (capacity - 1)] != 0) ++at;
    slots[at & (capacity - 1)] = i + 1;
  }
  return {slots, capacity - 1};
}

constexpr ObjectRep kNoPairs{0, {}, nullptr};
constexpr SetRep kNoElements{0, {}, nullptr};

}  // namespace

constinit const Value kEmptyObject = Value::object(&kNoPairs);
constinit const Value kEmptySet = Value::set(&kNoElements);

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, 8> kNames = {"undefined", "null",  "boolean", "number",
                                                      "string",    "array", "object",  "set"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// 1.0 and 1.00 are indices, 1e0 is none, as in OPA. -1: not one.
static std::int64_t whole_number(std::string_view text) {
  if (text == "-0") return 0;
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || text.find_first_not_of('0', point + 1) != std::string_view::npos)
    return -1;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + point, out);
  return error == std::errc{} && end == text.data() + point ? out : -1;
}

Value Value::at(Value key) const {
  switch (kind_) {
    case Kind::Object: {
      const Pair* pair = find(object_->index, as_object(), key);
      return pair != nullptr ? pair->value : undefined();
    }
    case Kind::Array: {
      if (!key.is_number()) return undefined();
      const std::int64_t index = key.is_integer() ? key.bits_ : whole_number(key.as_decimal()->view());
      return static_cast<std::uint64_t>(index) < size_ ? elements_[index] : undefined();
    }
    case Kind::Set: return find(set_->index, as_set(), key) != nullptr ? key : undefined();
    default: return undefined();
  }
}

Value Value::at(std::string_view key) const {
  return kind_ == Kind::Object ? at(Value::string(key)) : undefined();
}

bool Value::contains(Value element) const {
  return kind_ == Kind::Set && find(set_->index, as_set(), element) != nullptr;
}

/// Collections of one size, and there is work left for comparing their elements.
static bool walks_together(const Value& a, const Value& b) {
  return a.size() == b.size() && Work::spend(a.size());
}

bool equal_slow(const Value& a, const Value& b) {
  switch (a.kind()) {
    case Kind::Undefined:
    case Kind::Null: return true;
    case Kind::Boolean: return a.as_boolean() == b.as_boolean();
    case Kind::Number: return !(a.is_integer() && b.is_integer()) && compare_numbers(a, b) == 0;
    case Kind::String: return a.as_string() == b.as_string();
    case Kind::Array: return walks_together(a, b) && std::ranges::equal(a.as_array(), b.as_array());
    case Kind::Set: return walks_together(a, b) && std::ranges::equal(a.as_set(), b.as_set());
    case Kind::Object:
      return walks_together(a, b) &&
             std::ranges::equal(a.as_object(), b.as_object(), [](const Pair& x, const Pair& y) {
               return x.key == y.key && x.value == y.value;
             });
  }
  return false;
}

int compare(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return three_way(a.kind(), b.kind());
  if (a.same_bits(b)) return 0;
  switch (a.kind()) {
    case Kind::Undefined:
    case Kind::Null: return 0;
    case Kind::Boolean: return three_way(a.as_boolean(), b.as_boolean());
    case Kind::Number: return compare_numbers(a, b);
    case Kind::String: {
      const int c = a.as_string().compare(b.as_string());
      return three_way(c, 0);
    }
    case Kind::Array: return compare_elements(a.as_array(), b.as_array());
    case Kind::Set: return compare_elements(a.as_set(), b.as_set());
    case Kind::Object: return compare_objects(a.as_object(), b.as_object());
  }
  return 0;
}

std::uint64_t hash(std::string_view text) {
  std::uint64_t h = mix(text.size(), 4);
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) h = mix(h, load(at, 8));
  return left != 0 ? mix(h, load(at, left)) : h;
}

std::uint64_t hash(const Value& value) {
  std::uint64_t h =
      static_cast<std::uint64_t>(value.kind()) + (static_cast<std::uint64_t>(value.size()) << 8);
  if (value.kind() >= Kind::Array && !Work::spend(value.size())) return h;
  switch (value.kind()) {
    case Kind::Undefined:
    case Kind::Null: return mix(h, 1);
    case Kind::Boolean: return mix(h, 2 + value.as_boolean());
    case Kind::Number: return hash_number(value);
    case Kind::String: return hash(value.as_string());
    case Kind::Array:
      for (const Value& v : value.as_array()) h = mix(h, hash(v));
      return h;
    case Kind::Set:
      for (const Value& v : value.as_set()) h = mix(h, hash(v));
      return h;
    case Kind::Object:
      for (const Pair& p : value.as_object()) h = mix(mix(h, hash(p.key)), hash(p.value));
      return h;
  }
  return h;
}

Value copy_string(Arena& arena, std::string_view text) {
  return Value::string(arena.copy(text));
}

Value make_array(Arena& arena, std::span<const Value> elements) {
  return Value::array(arena.copy(elements));
}

Value adopt_sorted_set(Arena& arena, std::span<const Value> elements) {
  if (elements.empty()) return kEmptySet;
  auto* rep = arena.allocate_array<SetRep>(1);
  *rep = {static_cast<std::uint32_t>(elements.size()), make_index(arena, elements), elements.data()};
  return Value::set(rep);
}

Value adopt_sorted_object(Arena& arena, std::span<const Pair> pairs) {
  if (pairs.empty()) return kEmptyObject;
  auto* rep = arena.allocate_array<ObjectRep>(1);
  *rep = {static_cast<std::uint32_t>(pairs.size()), make_index(arena, pairs), pairs.data()};
  return Value::object(rep);
}

Value copy(Arena& arena, const Value& value) {
  if (value.kind() >= Kind::Array && !Work::spend(kCostOfWriting * value.size())) return value;
  switch (value.kind()) {
    case Kind::Number: {
      if (value.is_integer()) return value;
      const DecimalRep& from = *value.as_decimal();
      auto* rep = arena.allocate_array<DecimalRep>(1);
      *rep = from;
      rep->text = arena.copy(from.view()).data();
      return Value::decimal(rep);
    }
    case Kind::String: return copy_string(arena, value.as_string());
    case Kind::Array: {
      auto items = arena.copy(value.as_array());
      for (Value& item : items) item = copy(arena, item);
      return Value::array(items);
    }
    case Kind::Set: {
      auto items = arena.copy(value.as_set());
      for (Value& item : items) item = copy(arena, item);
      return adopt_sorted_set(arena, items);
    }
    case Kind::Object: {
      auto pairs = arena.copy(value.as_object());
      for (Pair& pair : pairs) pair = {copy(arena, pair.key), copy(arena, pair.value)};
      return adopt_sorted_object(arena, pairs);
    }
    default: return value;
  }
}

}  // namespace signalbox::policy
