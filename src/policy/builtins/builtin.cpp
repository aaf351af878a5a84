// What every built-in shares: OPA's operand messages, and the numbering of BuiltinStore's slots.
#include "policy/builtins/builtin.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>

namespace signalbox::policy {

std::size_t BuiltinStore::next_id() {
  static std::atomic<std::size_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed);
}

std::unexpected<BuiltinError> operand_complaint(int position, std::string_view text) {
  return std::unexpected(
      BuiltinError{BuiltinError::Kind::Type, fmt::format("operand {} {}", position, text)});
}

std::unexpected<BuiltinError> operand_error(int position, std::string_view want, const Value& got) {
  return operand_complaint(position, fmt::format("must be {} but got {}", want, kind_name(got.kind())));
}

std::unexpected<BuiltinError> operand_error(int position, std::span<const std::string_view> want,
                                            const Value& got) {
  if (want.size() == 1) return operand_error(position, want.front(), got);
  return operand_complaint(position, fmt::format("must be one of {{{}}} but got {}", fmt::join(want, ", "),
                                                 kind_name(got.kind())));
}

std::unexpected<BuiltinError> element_error(int position, const Value& container,
                                            std::string_view want_element, const Value& got_element) {
  const auto name = kind_name(container.kind());
  return operand_complaint(position, fmt::format("must be {} of {}s but got {} containing {}", name,
                                                 want_element, name, kind_name(got_element.kind())));
}

std::unexpected<BuiltinError> element_error(int position, const Value& container,
                                            std::span<const std::string_view> want_element,
                                            const Value& got_element) {
  if (want_element.size() == 1) return element_error(position, container, want_element.front(), got_element);
  const auto name = kind_name(container.kind());
  return operand_complaint(position,
                           fmt::format("must be {} of (any of) {{{}}} but got {} containing {}", name,
                                       fmt::join(want_element, ", "), name, kind_name(got_element.kind())));
}

std::unexpected<BuiltinError> builtin_failure(std::string text) {
  return std::unexpected(BuiltinError{BuiltinError::Kind::Failure, std::move(text)});
}

std::unexpected<BuiltinError> limit_failure() {
  return std::unexpected(BuiltinError{BuiltinError::Kind::Halt, "limit exceeded"});
}

}  // namespace signalbox::policy
