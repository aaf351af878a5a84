// Choosing a target: who fits, who is up and fresh enough, and of those one by weight.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "proxy/targets/target.h"

namespace signalbox::proxy {

/// What `route` asks for. Empty members do not restrict.
struct RouteWish {
  enum class By : std::uint8_t { Session, Transaction, Statement };
  std::string target;
  std::string role;
  std::vector<std::pair<std::string, std::string>> tags;
  By by = By::Session;
  std::optional<std::int64_t> max_lag_ns;  ///< a target that may be further behind is out
  bool read_your_writes = false;           ///< so is one that may not have what the session wrote
  bool refuses_unsafe = false;             ///< the session must stay: refuse, instead of running it here
  bool refuses_unavailable = false;        ///< nobody fits: the same
  std::shared_ptr<const Target> given;     ///< `forward`: this one, whatever is configured
  bool fresh = false;                      ///< `create`: a new connection, also to the same target
  bool operator==(const RouteWish&) const = default;
};

/// What is known of the targets' health, by name. Any thread.
class HealthBoard {
 public:
  struct Health {
    std::int64_t down_until_ns = 0;   ///< steady; not asked before
    std::int64_t fresh_as_of_ns = 0;  ///< steady: what the primary had written by then is here; 0 = not known
    std::string trouble;              ///< why it is down
    bool checked = false;
  };
  void up(const std::string& target);
  void down(const std::string& target, std::int64_t until_ns, std::string why);
  void fresh(const std::string& target, std::int64_t as_of_ns);
  Health of(const std::string& target) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Health> targets_;
};

/// When the session wrote last, for read-your-writes; 0 = never.
struct Moment {
  std::int64_t now_ns = 0;
  std::int64_t written_ns = 0;
  std::uint64_t random = 0;
};

/// Null when nobody fits. `without`: names that have just been tried.
std::shared_ptr<const Target> choose_target(std::span<const std::shared_ptr<const Target>> targets,
                                            const RouteWish& wish, const HealthBoard& health,
                                            const Moment& moment, std::span<const std::string> without = {});

}  // namespace signalbox::proxy
