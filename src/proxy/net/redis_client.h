// RedisClient: questions to a Redis server from a loop, over one connection, several under way at a time.
// Asking suspends only who asks, and never for longer than the deadline: a server that does not answer in
// time is taken for gone, and for a while every question is answered at once with Unavailable. One per
// worker.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "proxy/net/channel.h"
#include "proxy/net/resolver.h"
#include "proxy/net/resp.h"
#include "proxy/net/task.h"
#include "proxy/net/tls.h"

namespace signalbox::proxy {

struct RedisOptions {
  std::string host;  ///< name, address, or the path of a UNIX socket (it begins with '/'); "" = none
  std::uint16_t port = 6379;
  TlsContext tls;  ///< null: not encrypted
  SslMode tls_mode = SslMode::VerifyFull;
  std::string user;  ///< "" = the default user
  std::string password;
  std::uint64_t database = 0;
  std::chrono::milliseconds deadline{50};
  std::chrono::milliseconds pause{1'000};  ///< after a failure, before the server is tried again
};

class RedisClient {
 public:
  using Reply = Result<RespReply>;
  using Command = std::vector<std::string>;

  RedisClient(Loop& loop, Resolver& resolver, RedisOptions options);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  /// The reply (it may be an error of Redis'), or Timeout, Unavailable, Corrupt. A deadline that is sooner
  /// than the client's own ends this question alone.
  Task<Reply> ask(Command command, Deadline deadline = {});
  /// Without waiting for what comes of it.
  void tell(Command command);

 private:
  struct Question;
  class Answered;
  class Wanted;
  Task<> run();
  Task<Result<void>> open();
  Task<Result<void>> encrypt();
  Task<Result<void>> log_in();
  Task<> write_questions();
  Task<> read_replies();
  void put(Question* question);  ///< null: nobody waits
  void give_up(Question& question);
  void answer_all(const Error& error);
  void on_deadline();

  Loop& loop_;
  Resolver& resolver_;
  const RedisOptions options_;
  std::unique_ptr<Channel> channel_;
  std::deque<Question*> waiting_;  ///< the oldest first; null: nobody waits for this reply
  std::deque<std::int64_t> due_;   ///< beside waiting_
  std::string unsent_;
  std::coroutine_handle<> writer_;  ///< waits for something to send
  bool running_ = false;            ///< a connection is up, or being made
  bool ready_ = false;              ///< it has logged in
  bool ending_ = false;
  std::int64_t away_until_ns_ = 0;
  Timer deadline_;
  Background life_;
};

}  // namespace signalbox::proxy
