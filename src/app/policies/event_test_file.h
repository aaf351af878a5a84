// Tests of policies as their authors see them: an event, and what should be decided on it. `*.test.yaml`:
//
//   policy: NAME              only what this policy asks for counts; without it, all policies do
//   data: {..}                laid over the base documents, as a JSON merge patch (null removes)
//   event: {..}               what every case's event has unless the case says otherwise
//   cases:
//     - name: TEXT
//       policy, data          as above, for this case
//       event: {statement: SQL, hook, time, protocol, parameters, prepared, cursors, session: {..}, client:
//       {..},
//               server: {..}, signals: {..}}          admin/scene.h
//       expect: VERDICT, or {verdict: VERDICT, message: TEXT, actions: [NAME, {NAME: {PARAMETER: VALUE}}]}
//       todo: true            skipped
//
// `actions` are all that rules ask for, in any order; parameters that are not named may be anything.
#pragma once

#include <expected>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin/scene.h"
#include "base/diagnostic.h"
#include "policy/engine.h"

namespace signalbox::app {

struct ExpectedAction {
  std::string name;                        ///< as the catalogue has it
  nlohmann::ordered_json parameters = {};  ///< an object: those that must be equal
};

struct Expectation {
  std::string verdict;                                ///< "" = any
  std::optional<std::string> message = std::nullopt;  ///< of the request behind the verdict
  std::optional<std::vector<ExpectedAction>> actions = std::nullopt;
};

struct EventTest {
  std::string name;
  SourcePosition at;
  bool todo = false;
  nlohmann::ordered_json data = {};  ///< null: nothing is laid over the base documents
  admin::Scene scene = {};
  Expectation expect = {};
};

/// `*.test.yaml` and `*.test.yml`.
bool is_event_test(const std::filesystem::path& path);

/// The tests of one file. Names of actions, parameters, hooks and members are checked.
std::expected<std::vector<EventTest>, Diagnostics> read_event_tests(const std::filesystem::path& path,
                                                                    const policy::Vocabulary& vocabulary);

}  // namespace signalbox::app
