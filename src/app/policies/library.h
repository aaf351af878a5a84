// PolicyLibrary: the policies of one directory, loaded all or nothing. The newest good set is current; a bad
// edit is reported and changes nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>

#include "admin/context.h"
#include "base/clock.h"
#include "policy/engine.h"

namespace signalbox::app {

/// What policies are checked against: this build's hooks, actions and input document.
policy::Vocabulary host_vocabulary();

/// Loads a directory with the vocabulary of this build. What `signalbox check` and the gateway both use.
std::expected<std::shared_ptr<const policy::PolicySet>, Diagnostics> load_policies(
    const std::filesystem::path& directory, std::size_t* files = nullptr,
    const policy::LoadOptions& options = {});

class PolicyLibrary final : public admin::PolicySource {
 public:
  /// Told about every new set, in order, before reload() returns; never about the same set twice.
  using Publish = std::function<void(std::shared_ptr<const policy::PolicySet>)>;

  /// An empty directory name: no policies, reload() does nothing.
  PolicyLibrary(std::filesystem::path directory, const Clock& clock, policy::LoadOptions options = {});

  void on_change(Publish publish);

  std::shared_ptr<const policy::PolicySet> current() const override;
  admin::PolicyStatus status() const override;
  std::expected<void, Diagnostics> reload() override;

 private:
  void succeed(std::shared_ptr<const policy::PolicySet> set, std::size_t files, std::int64_t took_ns);
  void fail(const Diagnostics& diagnostics);

  const std::filesystem::path directory_;
  const Clock& clock_;
  const policy::LoadOptions options_;
  std::mutex loading_;  // one load at a time; held while publishing, so that sets arrive in order
  Publish publish_;
  mutable std::mutex lock_;  // guards what follows
  std::shared_ptr<const policy::PolicySet> current_;
  admin::PolicyStatus status_;
};

}  // namespace signalbox::app
