// A request against the catalogue. One function says what is wrong with one value; load-time validation
// (written.cpp) words it, and the interlock asks only whether there is anything.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "actions/parameter_check.h"
#include "actions/parameter_syntax.h"
#include "actions/vocabulary.h"
#include "policy/decision.h"
#include "policy/value/number.h"

namespace signalbox::actions {

bool is_sqlstate(std::string_view text) {
  const auto ok = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  return text.size() == 5 && std::ranges::all_of(text, ok) && !text.starts_with("00");
}

bool is_http_url(std::string_view text) {
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return false;
  }
  const std::string_view host = text.substr(0, text.find_first_of("/?#"));
  const auto plain = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  return !host.empty() && host.front() != ':' && host.find('@') == host.npos &&
         std::ranges::all_of(text, plain);
}

namespace {

bool in_range(const ParameterSpec& spec, double value) {
  return value >= spec.min && value <= spec.max;
}

bool all_strings(std::span<const policy::Value> elements) {
  return std::ranges::all_of(elements, [](const policy::Value& v) { return v.is_string(); });
}

Fault check_number(const ParameterSpec& spec, const policy::Value& value) {
  if (!value.is_number()) return Fault::Type;
  if (spec.type == ParameterType::Integer && !policy::to_int64(value)) return Fault::Type;
  return in_range(spec, policy::to_double(value)) ? Fault::None : Fault::Range;
}

Fault check_duration(const ParameterSpec& spec, const policy::Value& value) {
  if (!value.is_string() && !value.is_number()) return Fault::Type;
  const auto seconds = duration_seconds(value);
  if (!seconds) return Fault::Form;
  return in_range(spec, *seconds) ? Fault::None : Fault::Range;
}

Fault check_text(const ParameterSpec& spec, const policy::Value& value) {
  if (!value.is_string()) return Fault::Type;
  const std::string_view text = value.as_string();
  switch (spec.type) {
    case ParameterType::Name:
      return std::ranges::find(spec.choices, text) != spec.choices.end() ? Fault::None : Fault::Choice;
    case ParameterType::SqlState: return is_sqlstate(text) ? Fault::None : Fault::Form;
    case ParameterType::Url: return is_http_url(text) ? Fault::None : Fault::Form;
    default: return Fault::None;
  }
}

}  // namespace

Fault fault_of(const ParameterSpec& spec, const policy::Value& value) {
  switch (spec.type) {
    case ParameterType::Text:
    case ParameterType::Name:
    case ParameterType::SqlState:
    case ParameterType::Url: return check_text(spec, value);
    case ParameterType::Integer:
    case ParameterType::Number: return check_number(spec, value);
    case ParameterType::Duration: return check_duration(spec, value);
    case ParameterType::Boolean: return value.is_boolean() ? Fault::None : Fault::Type;
    case ParameterType::TextList:
      if (value.is_array()) return all_strings(value.as_array()) ? Fault::None : Fault::Type;
      return value.is_set() && all_strings(value.as_set()) ? Fault::None : Fault::Type;
    case ParameterType::TextMap: {
      if (!value.is_object()) return Fault::Type;
      const auto strings = [](const policy::Pair& p) { return p.key.is_string() && p.value.is_string(); };
      return std::ranges::all_of(value.as_object(), strings) ? Fault::None : Fault::Type;
    }
    case ParameterType::Any: return Fault::None;
  }
  return Fault::Type;
}

std::string wording(const ParameterSpec& spec, Fault fault) {
  switch (fault) {
    case Fault::Choice: return fmt::format("must be one of {}", fmt::join(spec.choices, ", "));
    case Fault::Range:
      return std::isinf(spec.max) ? fmt::format("must be at least {}", spec.min)
                                  : fmt::format("must be between {} and {}", spec.min, spec.max);
    default: return fmt::format("must be {}", describe(spec.type));
  }
}

std::string_view describe(ParameterType type) {
  switch (type) {
    case ParameterType::Text: return "a string";
    case ParameterType::Name: return "one of its names";
    case ParameterType::Integer: return "an integer";
    case ParameterType::Number: return "a number";
    case ParameterType::Boolean: return "true or false";
    case ParameterType::Duration: return "a duration like 250ms, 30s, 5m, or a number of seconds";
    case ParameterType::SqlState:
      return "an SQLSTATE that is not a success: five digits or upper-case letters";
    case ParameterType::Url: return "an http or https URL without user information";
    case ParameterType::TextList: return "a list of strings";
    case ParameterType::TextMap: return "an object whose values are strings";
    case ParameterType::Any: return "any value";
  }
  return "";
}

namespace {

bool names_one_of(const ActionSpec& spec, const policy::Value& parameters, Hook hook) {
  return spec.one_of.empty() || std::ranges::any_of(spec.one_of, [&](std::string_view name) {
           return hooks_of(spec, *parameter_named(spec, name)).contains(hook) &&
                  !parameters.at(name).is_undefined();
         });
}

}  // namespace

bool parameters_fit(const ActionSpec& spec, const policy::ActionRequest& request, Hook hook) {
  const policy::Value& parameters = request.parameters;
  std::size_t required_seen = 0;
  if (parameters.is_object()) {
    for (const policy::Pair& entry : parameters.as_object()) {
      const ParameterSpec* parameter =
          entry.key.is_string() ? parameter_named(spec, entry.key.as_string()) : nullptr;
      if (parameter == nullptr || fault_of(*parameter, entry.value) != Fault::None) return false;
      required_seen += parameter->required ? 1 : 0;
    }
  } else if (!parameters.is_undefined()) {
    return false;
  }
  return required_seen ==
             static_cast<std::size_t>(std::ranges::count(spec.parameters, true, &ParameterSpec::required)) &&
         names_one_of(spec, parameters, hook);
}

}  // namespace signalbox::actions
