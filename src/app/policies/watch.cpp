// The watch: inotify on the directory and every one below it. An editor's save is several events (a temporary
// file, a rename); the quiet time turns them into one call. inotify reports no changes in directories made
// after a watch was set, so the tree is walked again after each burst; adding a watch twice is harmless.
// The directory that holds it is watched for its name alone: a link that is replaced, or another directory
// moved into its place, is a tree to be watched anew. While it is gone, its return is looked for once a
// second.
#include "app/policies/watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace signalbox::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;
constexpr std::uint32_t kReplaced = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO;

/// Without a slash at its end, and never empty.
fs::path named(fs::path directory) {
  if (!directory.has_filename()) directory = directory.parent_path();
  return directory.empty() ? fs::path(".") : directory;
}

}  // namespace

Result<std::unique_ptr<DirectoryWatch>> DirectoryWatch::open(fs::path directory,
                                                             std::chrono::milliseconds quiet,
                                                             std::function<void()> changed) {
  std::unique_ptr<DirectoryWatch> watch(new DirectoryWatch(std::move(directory), quiet, std::move(changed)));
  if (watch->inotify_ < 0 || watch->stop_ < 0) {
    return fail(ErrorCode::Io,
                fmt::format("cannot watch {}: {}", watch->directory_.string(), std::strerror(errno)),
                "raise fs.inotify.max_user_instances, or set policy.watch to false");
  }
  watch->watch_tree();
  watch->thread_ = std::thread([self = watch.get()] { self->run(); });
  return watch;
}

DirectoryWatch::DirectoryWatch(fs::path directory, std::chrono::milliseconds quiet,
                               std::function<void()> changed)
    : directory_(named(std::move(directory))),
      quiet_(quiet),
      changed_(std::move(changed)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {}

DirectoryWatch::~DirectoryWatch() {
  const std::uint64_t one = 1;
  if (stop_ >= 0) [[maybe_unused]]
    const auto written = ::write(stop_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  if (inotify_ >= 0) ::close(inotify_);
  if (stop_ >= 0) ::close(stop_);
}

/// What stood under the directory's name is no longer what is watched.
void DirectoryWatch::watch_anew() {
  for (const auto& [id, path] : watched_) ::inotify_rm_watch(inotify_, id);
  watched_.clear();
}

void DirectoryWatch::watch_tree() {
  const fs::path parent = directory_.has_parent_path() ? directory_.parent_path() : fs::path(".");
  parent_ = ::inotify_add_watch(inotify_, parent.c_str(), kReplaced | IN_MASK_ADD);
  const auto add = [this](const fs::path& path) {
    const int id = ::inotify_add_watch(inotify_, path.c_str(), kEvents);
    if (id >= 0) watched_[id] = path;
  };
  add(directory_);
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_directory(error)) add(at->path());
  }
}

// Waits for events or the end. False at the end.
bool DirectoryWatch::wait(std::chrono::milliseconds timeout, bool& readable) const {
  pollfd fds[2] = {{inotify_, POLLIN, 0}, {stop_, POLLIN, 0}};
  ::poll(fds, 2, static_cast<int>(timeout.count()));
  readable = (fds[0].revents & POLLIN) != 0;
  return (fds[1].revents & POLLIN) == 0;
}

// Empties the queue. True when something happened that may concern policies (which is anything but attributes
// of the directories themselves).
bool DirectoryWatch::read_events() {
  alignas(inotify_event) char buffer[16 * 1024];
  bool any = false;
  for (ssize_t size; (size = ::read(inotify_, buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      if (event->mask & IN_IGNORED) watched_.erase(event->wd);
      const bool of_parent = event->wd == parent_ && !watched_.contains(parent_);
      const bool is_it = of_parent && event->len > 0 && directory_.filename() == event->name;
      if (is_it) watch_anew();
      any = any || is_it || !of_parent;
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
    }
  }
  return any;
}

void DirectoryWatch::run() {
  bool readable = false;
  while (wait(watched_.empty() ? 1000ms : 3'600'000ms, readable)) {
    const bool was_gone = watched_.empty();
    if (was_gone) watch_tree();
    const bool came_back = was_gone && !watched_.empty();
    if (!came_back && !(readable && read_events())) continue;
    const auto first = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - first < 10 * quiet_) {
      if (!wait(quiet_, readable)) return;
      if (!readable) break;
      read_events();
    }
    watch_tree();
    changed_();
  }
}

}  // namespace signalbox::app
