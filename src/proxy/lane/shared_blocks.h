// SharedBlocks: one block list for several gateways, in Redis. What is added or lifted here goes there, what
// others have changed comes from there, within a moment. While the server is away each gateway goes on with
// the list that it has. On one worker's loop.
#pragma once

#include <coroutine>
#include <map>
#include <string>

#include "actions/limits/block_list.h"
#include "base/clock.h"
#include "base/result.h"
#include "proxy/net/loop.h"
#include "proxy/net/redis_client.h"
#include "proxy/net/task.h"

namespace signalbox::proxy {

class SharedBlocks {
 public:
  SharedBlocks(Loop& loop, RedisClient& redis, actions::BlockList& blocks, const Clock& clock,
               std::string prefix);
  /// On the loop's thread; goes on for as long as this lives.
  void start() { life_.run(run()); }
  /// The list here has changed. On the loop's thread.
  void changed();

 private:
  using Texts = std::map<std::string, std::string>;  ///< "kind value" -> the block as JSON
  Task<> run();
  Task<Result<void>> exchange();
  Task<Result<void>> send(const Texts& here);
  Task<Result<void>> fetch();
  Texts texts_here() const;
  void take(const Texts& there);

  Loop& loop_;
  RedisClient& redis_;
  actions::BlockList& blocks_;
  const Clock& clock_;
  const std::string list_key_, version_key_;
  Texts known_;                             ///< what both sides had when they last agreed
  std::string version_;                     ///< of the list there; "" = not seen yet
  std::uint64_t seen_ = ~std::uint64_t{0};  ///< version of the list here
  std::coroutine_handle<> waiting_;
  Timer round_;
  Background life_;
};

}  // namespace signalbox::proxy
