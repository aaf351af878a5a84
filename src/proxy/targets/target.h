// Target: a configured server. Immutable once made; sessions share it, a reload makes new ones.
#pragma once

#include <memory>

#include "base/result.h"
#include "proxy/gateway_options.h"
#include "proxy/net/tls.h"

namespace signalbox::proxy {

struct Target {
  TargetOptions options;
  TlsContext tls;  ///< null when sslmode is disable

  static Result<std::shared_ptr<const Target>> make(TargetOptions options) {
    auto tls = make_target_tls(options.tls);
    if (!tls) return std::unexpected(tls.error());
    return std::make_shared<const Target>(Target{.options = std::move(options), .tls = *tls});
  }
};

}  // namespace signalbox::proxy
