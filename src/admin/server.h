// The admin server: HTTP on threads of its own, beside the data path.
#pragma once

#include <memory>
#include <string>

#include "admin/context.h"
#include "admin/router.h"
#include "base/result.h"

namespace signalbox::admin {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8090;  ///< 0 = any free one
  Tokens tokens;
  std::size_t threads = 8;
  std::size_t body_bytes = 16u << 20;  ///< longest request
};

class Server {
 public:
  /// Binds and serves until destroyed.
  static Result<std::unique_ptr<Server>> open(ServerOptions options, Context context);
  virtual ~Server() = default;
  virtual int port() const = 0;
};

}  // namespace signalbox::admin
