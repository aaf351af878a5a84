// DirectoryWatch: calls back when files below a directory have changed and then been left alone for a moment.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>

#include "base/result.h"

namespace signalbox::app {

class DirectoryWatch {
 public:
  /// `changed` runs on the watch's own thread, after `quiet` without a further change, and at the latest
  /// `10 * quiet` after the first. The directory may be removed and made again, moved away and back, or be a
  /// symbolic link that is replaced.
  static Result<std::unique_ptr<DirectoryWatch>> open(std::filesystem::path directory,
                                                      std::chrono::milliseconds quiet,
                                                      std::function<void()> changed);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

 private:
  DirectoryWatch(std::filesystem::path directory, std::chrono::milliseconds quiet,
                 std::function<void()> changed);
  void run();
  void watch_tree();
  void watch_anew();
  bool read_events();
  bool wait(std::chrono::milliseconds timeout, bool& readable) const;

  std::filesystem::path directory_;
  std::chrono::milliseconds quiet_;
  std::function<void()> changed_;
  int inotify_ = -1;
  int stop_ = -1;    // an eventfd
  int parent_ = -1;  // the watch of the directory that holds it
  std::map<int, std::filesystem::path> watched_;
  std::thread thread_;
};

}  // namespace signalbox::app
