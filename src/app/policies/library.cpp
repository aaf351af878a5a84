// Loading and reloading of policies.
#include "app/policies/library.h"

#include <fmt/format.h>

#include "actions/vocabulary.h"
#include "app/policies/directory.h"
#include "app/policies/input_schema.h"
#include "base/log.h"

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
  return words;
}

std::expected<std::shared_ptr<const policy::PolicySet>, Diagnostics> load_policies(
    const std::filesystem::path& directory, std::size_t* count, const policy::LoadOptions& options) {
  auto files = read_directory(directory);
  if (!files) return std::unexpected(std::move(files.error()));
  if (count) *count = files->size();
  auto set = policy::PolicySet::load(std::move(*files), host_vocabulary(), options);
  if (!set) locate(set.error(), directory);
  return set;
}

PolicyLibrary::PolicyLibrary(std::filesystem::path directory, const Clock& clock, policy::LoadOptions options)
    : directory_(std::move(directory)), clock_(clock), options_(std::move(options)) {
  status_.directory = directory_.string();
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
  if (directory_.empty()) return {};
  std::lock_guard one_at_a_time(loading_);
  const std::int64_t before = clock_.steady_ns();
  std::size_t files = 0;
  auto set = load_policies(directory_, &files, options_);
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
