// PolicyLibrary: the policies of one directory or bundle, loaded all or nothing. The newest good set is
// current; a bad edit is reported and changes nothing.
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

/// Where policies are, and who must have signed them.
struct PolicyLocation {
  std::filesystem::path path;  ///< a directory, or a bundle: a *.tar.gz file
  std::filesystem::path verification_key =
      {};  ///< read anew at each load; empty: signatures are not looked at
  std::string verification_algorithm = "RS256";
  std::string scope = {};  ///< that the signature must have
};

/// Loads policies with the vocabulary of this build. What `signalbox explain` and the gateway both use. Base
/// documents that are as in `before` are shared with it.
std::expected<std::shared_ptr<const policy::PolicySet>, Diagnostics> load_policies(
    const PolicyLocation& location, std::size_t* files = nullptr, const policy::LoadOptions& options = {},
    const policy::PolicySet* before = nullptr);

class PolicyLibrary final : public admin::PolicySource {
 public:
  /// Told about every new set, in order, before reload() returns; never about the same set twice.
  using Publish = std::function<void(std::shared_ptr<const policy::PolicySet>)>;

  /// An empty path: no policies, reload() does nothing.
  PolicyLibrary(PolicyLocation location, const Clock& clock, policy::LoadOptions options = {});

  void on_change(Publish publish);

  std::shared_ptr<const policy::PolicySet> current() const override;
  admin::PolicyStatus status() const override;
  std::expected<void, Diagnostics> reload() override;

 private:
  void succeed(std::shared_ptr<const policy::PolicySet> set, std::size_t files, std::int64_t took_ns);
  void fail(const Diagnostics& diagnostics);

  const PolicyLocation location_;
  const Clock& clock_;
  const policy::LoadOptions options_;
  std::mutex loading_;  // one load at a time; held while publishing, so that sets arrive in order
  Publish publish_;
  mutable std::mutex lock_;  // guards what follows
  std::shared_ptr<const policy::PolicySet> current_;
  admin::PolicyStatus status_;
};

}  // namespace signalbox::app
