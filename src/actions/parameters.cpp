// Reading typed parameters out of a request's Value, and the syntax of durations.
#include "actions/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "actions/parameter_syntax.h"
#include "actions/template.h"
#include "policy/decision.h"
#include "policy/value/json.h"
#include "policy/value/number.h"

namespace signalbox::actions {

std::optional<double> parse_duration_seconds(std::string_view text) {
  double amount = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), amount, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(amount) || amount < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::pair<std::string_view, double> kUnits[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
                                                            {"m", 60},    {"h", 3600},  {"d", 86400}};
  for (const auto& [name, seconds] : kUnits) {
    if (unit == name) return amount * seconds;
  }
  return std::nullopt;
}

std::optional<double> duration_seconds(const policy::Value& value) {
  if (value.is_string()) return parse_duration_seconds(value.as_string());
  if (!value.is_number()) return std::nullopt;
  const double seconds = policy::to_double(value);
  return std::isfinite(seconds) && seconds >= 0 ? std::optional(seconds) : std::nullopt;
}

Parameters::Parameters(const ActionSpec& spec, const policy::ActionRequest& request, const Facts& facts)
    : spec_(spec), request_(request), facts_(facts) {}

Parameters::Parameters(const PlannedAction& action, const policy::Decision& decision, const Facts& facts)
    : Parameters(*action.spec, decision.actions[action.request], facts) {}

bool Parameters::has(std::string_view name) const {
  return !request_.parameters.at(name).is_undefined();
}

std::string Parameters::render(std::string_view name, std::string_view text) const {
  const ParameterSpec* spec = parameter_named(spec_, name);
  if (spec == nullptr || !spec->templated) return std::string(text);
  return render_template(text, facts_, Escape::None);
}

std::optional<std::string> Parameters::text(std::string_view name) const {
  const policy::Value value = request_.parameters.at(name);
  if (!value.is_string()) return std::nullopt;
  return render(name, value.as_string());
}

std::string Parameters::text_or(std::string_view name, std::string_view fallback) const {
  auto found = text(name);
  return found ? std::move(*found) : std::string(fallback);
}

std::optional<std::int64_t> Parameters::integer(std::string_view name) const {
  const policy::Value value = request_.parameters.at(name);
  return value.is_number() ? policy::to_int64(value) : std::nullopt;
}

std::optional<double> Parameters::number(std::string_view name) const {
  const policy::Value value = request_.parameters.at(name);
  return value.is_number() ? std::optional(policy::to_double(value)) : std::nullopt;
}

bool Parameters::boolean_or(std::string_view name, bool fallback) const {
  const policy::Value value = request_.parameters.at(name);
  return value.is_boolean() ? value.as_boolean() : fallback;
}

std::optional<std::chrono::milliseconds> Parameters::duration(std::string_view name) const {
  const auto seconds = duration_seconds(request_.parameters.at(name));
  if (!seconds) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(std::min(*seconds, 1e9) * 1000)));
}

std::vector<std::string> Parameters::text_list(std::string_view name) const {
  std::vector<std::string> list;
  const policy::Value value = request_.parameters.at(name);
  const auto elements = value.is_array() ? value.as_array()
                        : value.is_set() ? value.as_set()
                                         : std::span<const policy::Value>{};
  for (const policy::Value& element : elements) {
    if (element.is_string()) list.push_back(render(name, element.as_string()));
  }
  return list;
}

std::vector<std::pair<std::string, std::string>> Parameters::text_map(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> map;
  const policy::Value value = request_.parameters.at(name);
  if (!value.is_object()) return map;
  for (const policy::Pair& entry : value.as_object()) {
    if (entry.key.is_string() && entry.value.is_string()) {
      map.emplace_back(entry.key.as_string(), render(name, entry.value.as_string()));
    }
  }
  return map;
}

bool Parameters::append_json(std::string_view name, std::string& out) const {
  const policy::Value value = request_.parameters.at(name);
  if (value.is_undefined()) return false;
  const ParameterSpec* spec = parameter_named(spec_, name);
  if (spec != nullptr && spec->templated) {
    append_rendered_json(value, facts_, out);
  } else {
    policy::append_json(out, value);
  }
  return true;
}

}  // namespace signalbox::actions
