// SharedStore: what one worker has of the Redis server that several gateways share. Absent where none is
// configured.
#pragma once

#include <string>

#include "proxy/gateway_options.h"
#include "proxy/lane/shared_blocks.h"
#include "proxy/lane/shared_limits.h"
#include "proxy/net/redis_client.h"

namespace signalbox::proxy {

struct SharedStore {
  SharedStore(Loop& loop, Resolver& resolver, const SharedStoreOptions& options, TlsContext tls,
              std::string holder, actions::BlockList& block_list, const Clock& clock)
      : redis(loop, resolver,
              {.host = options.host,
               .port = options.port,
               .tls = std::move(tls),
               .tls_mode = options.tls.mode,
               .user = options.user,
               .password = options.password,
               .database = options.database,
               .deadline = options.deadline}),
        limits(loop, redis, {.prefix = options.prefix, .holder = std::move(holder), .lease = options.lease}),
        blocks(loop, redis, block_list, clock, options.prefix) {}

  RedisClient redis;
  SharedLimits limits;
  SharedBlocks blocks;  ///< started by one worker of a gateway
};

}  // namespace signalbox::proxy
