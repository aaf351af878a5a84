// Loading and reloading of policies.
#include "app/policies/library.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "actions/vocabulary.h"
#include "app/policies/directory.h"
#include "app/policies/input_schema.h"
#include "app/policies/written_sql.h"
#include "base/log.h"
#include "policy/bundle/bundle.h"

namespace signalbox::app {
namespace {

// Positions are relative to the directory; people want a path that they can open.
void locate(Diagnostics& diagnostics, const std::filesystem::path& directory) {
  for (auto& d : diagnostics) {
    const std::filesystem::path file = d.at.file;
    if (!d.at.file.empty() && file.is_relative() && std::filesystem::exists(directory / file)) {
      d.at.file = (directory / file).lexically_normal().string();
    }
  }
}

std::expected<policy::VerificationKey, Diagnostics> verification_key(const PolicyLocation& location) {
  std::ifstream in(location.verification_key, std::ios::binary);
  policy::VerificationKey key{std::string(std::istreambuf_iterator<char>(in), {}),
                              location.verification_algorithm, location.scope};
  if (in && !key.key.empty()) return key;
  return std::unexpected(Diagnostics{{Severity::Error,
                                      "policy_unreadable",
                                      "cannot read the key that policies are signed with",
                                      {location.verification_key.string(), 0, 0},
                                      {},
                                      "check policy.verification.key"}});
}

/// A plain directory, or a bundle; tests are passed over in both. Signed policies are always a bundle.
std::expected<std::vector<policy::SourceFile>, Diagnostics> read_policies(const PolicyLocation& location) {
  const bool is_signed = !location.verification_key.empty();
  if (!is_signed && !std::filesystem::is_regular_file(location.path)) return read_directory(location.path);
  policy::BundleOptions options;
  options.tests = false;
  policy::VerificationKey key;
  if (is_signed) {
    auto read = verification_key(location);
    if (!read) return std::unexpected(std::move(read.error()));
    key = std::move(*read);
    options.verification = &key;
  }
  auto bundle = policy::read_bundle(location.path, options);
  if (!bundle) return std::unexpected(std::move(bundle.error()));
  return std::move(bundle->files);
}

void log_diagnostic(const Diagnostic& d) {
  const auto level = d.severity == Severity::Error ? log::Level::Error : log::Level::Warn;
  log::write(level, "policy diagnostic",
             {{"at", fmt::format("{}:{}:{}", d.at.file, d.at.row, d.at.col)},
              {"code", d.code},
              {"message", d.message},
              {"hint", d.hint}});
}

}  // namespace

policy::Vocabulary host_vocabulary() {
  policy::Vocabulary words = actions::vocabulary();
  words.input_schema = input_schema();
  words.judge = [](std::span<const policy::WrittenAction> together, std::span<const std::string> hooks) {
    std::vector<policy::ActionFault> faults = actions::judge(together, hooks);
    judge_sql(together, faults);
    return faults;
  };
  return words;
}

std::expected<std::shared_ptr<const policy::PolicySet>, Diagnostics> load_policies(
    const PolicyLocation& location, std::size_t* count, const policy::LoadOptions& options,
    const policy::PolicySet* before) {
  auto files = read_policies(location);
  if (!files) return std::unexpected(std::move(files.error()));
  if (count) *count = files->size();
  auto set = policy::PolicySet::load(std::move(*files), host_vocabulary(), options, before);
  if (!set) locate(set.error(), location.path);
  return set;
}

PolicyLibrary::PolicyLibrary(PolicyLocation location, const Clock& clock, policy::LoadOptions options)
    : location_(std::move(location)), clock_(clock), options_(std::move(options)) {
  status_.directory = location_.path.string();
}

void PolicyLibrary::on_change(Publish publish) {
  std::lock_guard one_at_a_time(loading_);
  publish_ = std::move(publish);
}

std::shared_ptr<const policy::PolicySet> PolicyLibrary::current() const {
  std::lock_guard hold(lock_);
  return current_;
}

admin::PolicyStatus PolicyLibrary::status() const {
  std::lock_guard hold(lock_);
  return status_;
}

std::expected<void, Diagnostics> PolicyLibrary::reload() {
  if (location_.path.empty()) return {};
  std::lock_guard one_at_a_time(loading_);
  const std::int64_t before = clock_.steady_ns();
  std::size_t files = 0;
  auto set = load_policies(location_, &files, options_, current().get());
  if (!set) {
    fail(set.error());
    return std::unexpected(std::move(set.error()));
  }
  succeed(std::move(*set), files, clock_.steady_ns() - before);
  return {};
}

void PolicyLibrary::succeed(std::shared_ptr<const policy::PolicySet> set, std::size_t files,
                            std::int64_t took_ns) {
  const auto old = current();
  const bool changed = !old || old->revision() != set->revision();
  {
    std::lock_guard hold(lock_);
    if (changed) {
      current_ = set;
      status_.revision = std::string(set->revision());
      status_.loaded_ns = clock_.wall_ns();
      status_.files = files;
    }
    ++status_.loads;
    status_.last_failure.reset();
  }
  if (!changed) return log::debug("policies unchanged", {{"revision", set->revision()}});
  log::info("policies loaded", {{"revision", set->revision()},
                                {"files", files},
                                {"rules", set->rule_reads().size()},
                                {"took_ms", static_cast<double>(took_ns / 1000) / 1000.0}});
  for (const auto& warning : set->warnings()) log_diagnostic(warning);
  if (publish_) publish_(std::move(set));
}

void PolicyLibrary::fail(const Diagnostics& diagnostics) {
  bool running = false;
  {
    std::lock_guard hold(lock_);
    ++status_.failures;
    status_.last_failure = admin::PolicyFailure{clock_.wall_ns(), diagnostics};
    running = current_ != nullptr;
  }
  if (!running) return;  // the start reports them itself
  log::error("policies have errors; the last good ones stay in use",
             {{"errors", diagnostics.size()}, {"revision", status().revision}});
  for (const auto& d : diagnostics) log_diagnostic(d);
}

}  // namespace signalbox::app
