// Facts: the input document of one event as actions read it, by path. The proxy implements it over an event.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::actions {

class Facts {
 public:
  virtual ~Facts() = default;
  /// Appends the value at `path` ("session.user", "query.tables", without the leading "input.") as JSON and
  /// returns true; false, and nothing appended, when there is no such fact. Never appends a secret.
  virtual bool append_json(std::string_view path, std::string& out) const = 0;
};

/// For lifecycle events and tests.
class NoFacts final : public Facts {
 public:
  bool append_json(std::string_view, std::string&) const override { return false; }
};

}  // namespace signalbox::actions
