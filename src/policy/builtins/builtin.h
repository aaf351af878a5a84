// Builtin: the contract between the evaluator and a Rego built-in. One table a category, all named in
// list.cpp. A built-in is a pure function of its arguments and the context; it never throws, never blocks
// without charging the meter, and never keeps a Value beyond the call (values die with the evaluation; keep
// text or compiled forms instead).
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/limits.h"
#include "policy/value/value.h"

namespace signalbox::policy {

/// Objects that built-ins keep between calls (compiled patterns, parsed keys, caches), one per type.
class BuiltinStore {
 public:
  /// The store's object of type T, default-constructed on first use.
  template <class T>
  T& of() {
    const std::size_t id = id_of<T>();
    if (id >= slots_.size()) slots_.resize(id + 1);
    if (!slots_[id]) slots_[id] = std::make_shared<T>();
    return *static_cast<T*>(slots_[id].get());
  }
  void clear() {
    if (!slots_.empty()) slots_.clear();
  }

 private:
  static std::size_t next_id();
  template <class T>
  static std::size_t id_of() {
    static const std::size_t id = next_id();
    return id;
  }
  std::vector<std::shared_ptr<void>> slots_;
};

/// What `print`, `trace` and test reports write to; `at` is "file:row". May be null in the context.
using NoteSink = std::function<void(std::string_view at, std::string_view text)>;

struct Builtin;

/// What the host lets built-ins do and know. Shared by evaluations; outlives them.
struct BuiltinHost {
  std::vector<const Builtin*> own_builtins;  ///< the host's own functions, beside all_builtins()
  bool http = false;                         ///< http.send may be used at all
  std::vector<std::string> http_hosts;       ///< allowed host names; empty = all (when http)
  bool dns = false;                          ///< net.lookup_ip_addr may be used
  std::string runtime_json =
      "{}";  ///< what opa.runtime() returns: {"config": ..., "env": ..., "version": ...}
  std::function<std::int64_t()> wall_clock_ns;  ///< null = the system clock
};

struct BuiltinContext {
  Arena& arena;              ///< where results live
  Meter& meter;              ///< charge one step per element or per 64 bytes of work
  BuiltinStore& kept;        ///< lives with the evaluator thread: compiled regular expressions and the like
  BuiltinStore& evaluation;  ///< emptied before every evaluation
  const BuiltinHost& host;
  std::int64_t now_ns;      ///< wall clock, fixed for the evaluation
  std::mt19937_64& random;  ///< seeded per evaluator
  bool strict;            ///< strict built-in errors are on (the evaluator acts on it; few built-ins need it)
  const NoteSink* notes;  ///< for print and trace; may be null
  std::string_view location;  ///< "file:row" of the call, for notes and errors
};

struct BuiltinError {
  enum class Kind : std::uint8_t {
    Type,     ///< an operand of the wrong type: eval_type_error
    Failure,  ///< any other error: eval_builtin_error
    Halt,     ///< stops the evaluation even when built-in errors are not strict (limits, cancellation)
  };
  Kind kind = Kind::Failure;
  std::string message;  ///< without the built-in's name: the evaluator puts "name: " before it
};

/// A value; or undefined (Value()); or an error, which makes the expression undefined unless errors are
/// strict. A relation (walk) returns an array, whose elements are its results.
using BuiltinResult = std::expected<Value, BuiltinError>;
using BuiltinFn = BuiltinResult (*)(BuiltinContext&, std::span<const Value> args);

struct Builtin {
  std::string_view name;      ///< "strings.count"
  std::string_view infix;     ///< "+" for plus; empty for most
  std::string_view category;  ///< as in OPA's metadata: "strings"
  /// Types as OPA prints them: "(any<array[string], set[string]>, string) => string"; a type may be any,
  /// null, boolean, number, string, any<...>, array[T], array<T, U>, array<T>[U], set[T], object[K: V],
  /// object<a: T, b?: U>[K: V].
  std::string_view signature;
  std::string_view description;
  BuiltinFn fn =
      nullptr;  ///< null where compiler or VM do the work (assign, eq, print, rego.metadata.*, ...)
  std::uint8_t arity = 0;
  bool variadic = false;
  bool nondeterministic =
      false;                  ///< cached per (name, arguments) within one evaluation; turns decision memo off
  bool relation = false;      ///< walk
  bool deprecated = false;    ///< known, but refused in v1 modules
  bool can_skip_bctx = true;  ///< reads nothing of the context but arena and meter: may be folded at load
};

/// Every built-in, sorted by name. Lives for the program's lifetime.
std::span<const Builtin* const> all_builtins();
/// Null when there is none of that name.
const Builtin* find_builtin(std::string_view name);

// The messages OPA gives for wrong operands. `position` counts from 1.
/// "operand 1 must be string but got number"
std::unexpected<BuiltinError> operand_error(int position, std::string_view want, const Value& got);
/// "operand 1 must be one of {array, object} but got number"
std::unexpected<BuiltinError> operand_error(int position, std::span<const std::string_view> want,
                                            const Value& got);
/// "operand 1 must be set of strings but got set containing number"
std::unexpected<BuiltinError> element_error(int position, const Value& container,
                                            std::string_view want_element, const Value& got_element);
/// "operand 1 must be set of (any of) {number, string} but got set containing null"
std::unexpected<BuiltinError> element_error(int position, const Value& container,
                                            std::span<const std::string_view> want_element,
                                            const Value& got_element);
/// "operand 1 " + text: any other complaint about an operand (a type error too).
std::unexpected<BuiltinError> operand_complaint(int position, std::string_view text);
std::unexpected<BuiltinError> builtin_failure(std::string message);
/// The meter said stop: ends the evaluation.
std::unexpected<BuiltinError> limit_failure();

}  // namespace signalbox::policy
