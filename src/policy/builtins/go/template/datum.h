// Datum: what a template computes with, a value as Go has it after JSON decoding. Numbers of the data are
// json.Number, which to Go is a string; constants of the template are int or float64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/value/value.h"

namespace signalbox::policy::go::tmpl {

struct Datum {
  enum class Kind : std::uint8_t {
    Invalid,  ///< no value: a missing key, nil looked into
    Missing,  ///< no argument came down the pipeline
    Nil,
    Bool,
    Int,
    Byte,
    Float,
    String,
    Number,
    List,
    Map,
  };
  Kind kind = Kind::Invalid;
  bool boxed = false;  ///< came out of a list or map: its static type is interface {}
  bool flag = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text{};  ///< String, Number; lives in the evaluation's arena or the template
  Value value{};            ///< List, Map

  static Datum of(const Value& value, bool boxed);
  static Datum missing() { return {.kind = Kind::Missing}; }
  static Datum nil(bool boxed) { return {.kind = Kind::Nil, .boxed = boxed}; }
  static Datum boolean(bool b) { return {.kind = Kind::Bool, .flag = b}; }
  static Datum number(std::int64_t i) { return {.kind = Kind::Int, .integer = i}; }
  static Datum floating(double d) { return {.kind = Kind::Float, .real = d}; }
  static Datum string(std::string_view text) { return {.kind = Kind::String, .text = text}; }

  bool is_valid() const { return kind != Kind::Invalid; }
  bool is_textual() const { return kind == Kind::String || kind == Kind::Number; }
  bool truth() const;
  std::size_t size() const;  ///< bytes of a text, entries of a List or Map
  /// The dynamic value of an interface: a boxed nil is no value.
  Datum unboxed() const;
  /// Go's name of the concrete type: "json.Number".
  std::string_view type_name() const;
  /// Of the static type: "interface {}" when boxed.
  std::string_view static_type_name() const { return boxed ? "interface {}" : type_name(); }
  /// Go's %v.
  void print(std::string& out) const;
};

}  // namespace signalbox::policy::go::tmpl
