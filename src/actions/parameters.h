// Parameters: the typed view that whoever runs an action has of its request. Types were checked before the
// plan was made, so an accessor answers with what the schema promises, or with nothing when the parameter is
// absent.
// {{ path }} in templated parameters is rendered from the event's facts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actions/facts.h"
#include "actions/plan.h"

namespace signalbox::policy {
struct Decision;
struct ActionRequest;
}  // namespace signalbox::policy

namespace signalbox::actions {

class Parameters {
 public:
  /// Borrows all three.
  Parameters(const ActionSpec& spec, const policy::ActionRequest& request, const Facts& facts);
  Parameters(const PlannedAction& action, const policy::Decision& decision, const Facts& facts);

  bool has(std::string_view name) const;
  std::optional<std::string> text(std::string_view name) const;
  std::string text_or(std::string_view name, std::string_view fallback) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<double> number(std::string_view name) const;
  bool boolean_or(std::string_view name, bool fallback) const;
  std::optional<std::chrono::milliseconds> duration(std::string_view name) const;
  std::vector<std::string> text_list(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view name) const;
  /// Appends the parameter as JSON, strings in it rendered when it is templated; false when absent.
  bool append_json(std::string_view name, std::string& out) const;

 private:
  std::string render(std::string_view name, std::string_view text) const;

  const ActionSpec& spec_;
  const policy::ActionRequest& request_;
  const Facts& facts_;
};

}  // namespace signalbox::actions
