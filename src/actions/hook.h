// Hook: the named points in the gateway's and a session's life at which policies are asked (design, "Hooks").
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace signalbox::actions {

enum class Hook : std::uint8_t {
  ConfigLoaded,
  Booting,
  Booted,
  Tick,
  Signal,
  Shutdown,
  Connecting,     ///< a client was accepted, before any byte
  Startup,        ///< startup packet read: user, database
  Authenticated,  ///< the server has accepted the client
  Closing,
  Closed,
  TrafficFromClient,  ///< once a statement (simple) or Parse; at Execute when a policy reads bound values
  TrafficToServer,
  TrafficFromServer,
  TrafficToClient,
  ActionResult,  ///< an async job has come back
};

inline constexpr std::array<std::string_view, 16> kHookNames = {"config_loaded",
                                                                "booting",
                                                                "booted",
                                                                "tick",
                                                                "signal",
                                                                "shutdown",
                                                                "connecting",
                                                                "startup",
                                                                "authenticated",
                                                                "closing",
                                                                "closed",
                                                                "traffic_from_client",
                                                                "traffic_to_server",
                                                                "traffic_from_server",
                                                                "traffic_to_client",
                                                                "action_result"};
inline constexpr std::size_t kHookCount = kHookNames.size();

constexpr std::string_view name(Hook hook) {
  return kHookNames[static_cast<std::size_t>(hook)];
}

constexpr std::optional<Hook> hook_named(std::string_view text) {
  for (std::size_t i = 0; i < kHookCount; ++i) {
    if (kHookNames[i] == text) return static_cast<Hook>(i);
  }
  return std::nullopt;
}

/// A set of hooks, one bit each.
class HookSet {
 public:
  constexpr HookSet() = default;
  constexpr HookSet(std::initializer_list<Hook> hooks) {
    for (Hook hook : hooks) insert(hook);
  }
  constexpr void insert(Hook hook) { bits_ |= bit(hook); }
  constexpr bool contains(Hook hook) const { return (bits_ & bit(hook)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr int size() const { return std::popcount(bits_); }
  constexpr HookSet operator|(HookSet other) const {
    HookSet both;
    both.bits_ = bits_ | other.bits_;
    return both;
  }
  constexpr HookSet operator&(HookSet other) const {
    HookSet common;
    common.bits_ = bits_ & other.bits_;
    return common;
  }
  constexpr bool operator==(const HookSet&) const = default;

 private:
  static constexpr std::uint32_t bit(Hook hook) { return std::uint32_t{1} << static_cast<unsigned>(hook); }
  std::uint32_t bits_ = 0;
};

inline constexpr HookSet kLifecycleHooks = {Hook::ConfigLoaded, Hook::Booting, Hook::Booted,
                                            Hook::Tick,         Hook::Signal,  Hook::Shutdown};
inline constexpr HookSet kOpeningHooks = {Hook::Connecting, Hook::Startup, Hook::Authenticated};
inline constexpr HookSet kRequestHooks = {Hook::TrafficFromClient, Hook::TrafficToServer};
inline constexpr HookSet kResponseHooks = {Hook::TrafficFromServer, Hook::TrafficToClient};
inline constexpr HookSet kTrafficHooks = kRequestHooks | kResponseHooks;
/// Where what is asked for can still be held back: it needs permission, and an answer does not.
inline constexpr HookSet kAdmissionHooks = kOpeningHooks | kRequestHooks;
inline constexpr HookSet kEveryHook = kLifecycleHooks | kOpeningHooks | kTrafficHooks |
                                      HookSet{Hook::Closing, Hook::Closed, Hook::ActionResult};

}  // namespace signalbox::actions
