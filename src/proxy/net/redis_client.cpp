// One coroutine owns the connection while it lives: it connects, logs in, and then writes and reads side by
// side. Questions stand in a queue; replies come in the same order.
//
// The surprise: a deadline ends the connection, not the question alone. What comes late would otherwise be
// taken for the reply to the next one, and a server that has stalled once would stall everybody in turn.
#include "proxy/net/redis_client.h"

#include <algorithm>

#include "base/log.h"
#include "proxy/net/inlet.h"
#include "proxy/net/socket.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMostWaiting = 65'536;

Error unavailable(std::string why) {
  return {ErrorCode::Unavailable, "redis: " + std::move(why), {}};
}

}  // namespace

/// Lives in the frame of who asks.
struct RedisClient::Question {
  std::coroutine_handle<> self;
  std::optional<Reply> reply;
};

class RedisClient::Answered {
 public:
  explicit Answered(Question& question) : question_(question) {}
  bool await_ready() const { return question_.reply.has_value(); }
  void await_suspend(std::coroutine_handle<> self) { question_.self = self; }
  void await_resume() const {}

 private:
  Question& question_;
};

/// co_await Wanted{*this}: until there is something to send, or the connection ends.
class RedisClient::Wanted {
 public:
  explicit Wanted(RedisClient& client) : client_(client) {}
  bool await_ready() const { return client_.ending_ || !client_.unsent_.empty(); }
  void await_suspend(std::coroutine_handle<> self) { client_.writer_ = self; }
  void await_resume() const {}

 private:
  RedisClient& client_;
};

RedisClient::RedisClient(Loop& loop, Resolver& resolver, RedisOptions options)
    : loop_(loop), resolver_(resolver), options_(std::move(options)), deadline_([this] { on_deadline(); }) {}
RedisClient::~RedisClient() = default;

Task<RedisClient::Reply> RedisClient::ask(Command command, Deadline deadline) {
  if (loop_.now_ns() < away_until_ns_) co_return std::unexpected(unavailable("it is away"));
  if (waiting_.size() >= kMostWaiting)
    co_return std::unexpected(unavailable("too many questions are waiting"));
  if (deadline.over()) co_return std::unexpected(Error{ErrorCode::Timeout, "redis: no time is left", {}});
  Question question;
  Timer patience([&] { give_up(question); });
  const std::chrono::nanoseconds left = deadline.within(options_.deadline);
  if (left < options_.deadline) patience.arm(loop_.timers(), left);
  append_command(unsent_, command);
  put(&question);
  co_await Answered(question);
  co_return std::move(*question.reply);
}

void RedisClient::tell(Command command) {
  if (loop_.now_ns() < away_until_ns_ || waiting_.size() >= kMostWaiting) return;
  append_command(unsent_, command);
  put(nullptr);
}

void RedisClient::put(Question* question) {
  waiting_.push_back(question);
  due_.push_back(loop_.now_ns() + std::chrono::nanoseconds(options_.deadline).count());
  if (!deadline_.armed()) deadline_.arm(loop_.timers(), options_.deadline);
  if (!running_) {
    life_.run(run());
  } else if (ready_ && writer_) {
    loop_.defer(std::exchange(writer_, nullptr));
  }
}

/// Its reply, when it comes, is nobody's.
void RedisClient::give_up(Question& question) {
  if (question.reply) return;  // it is about to find out
  std::ranges::replace(waiting_, &question, nullptr);
  question.reply = std::unexpected(Error{ErrorCode::Timeout, "redis: no answer in time", {}});
  loop_.defer(question.self);
}

Task<> RedisClient::run() {
  running_ = true;
  Result<void> opened = co_await open();
  if (opened) {
    ready_ = true;
    if (std::exchange(away_until_ns_, 0) != 0) log::info("the shared store is back");
    co_await Both(write_questions(), read_replies());
    opened = std::unexpected(unavailable("the connection is lost"));
  }
  ready_ = running_ = ending_ = false;
  channel_.reset();
  unsent_.clear();
  if (loop_.now_ns() >= away_until_ns_)
    log::warn("the shared store is away", {{"error", opened.error().message}});
  away_until_ns_ = loop_.now_ns() + std::chrono::nanoseconds(options_.pause).count();
  answer_all(opened.error());
}

Task<Result<void>> RedisClient::open() {
  Endpoint endpoint;
  if (options_.host.starts_with('/')) {
    auto file = socket_file(options_.host);
    if (!file) co_return std::unexpected(file.error());
    endpoint = *file;
  } else {
    auto found = co_await resolver_.resolve(loop_, options_.host, options_.port);
    if (!found) co_return std::unexpected(found.error());
    endpoint = found->front();
  }
  auto socket = start_connect(endpoint);
  if (!socket) co_return std::unexpected(socket.error());
  tune(socket->get(), {});
  channel_ = std::make_unique<Channel>(loop_, std::move(*socket));
  Timer timer([this] { channel_->cancel(Io::Timeout); });
  timer.arm(loop_.timers(), options_.deadline);
  if (co_await channel_->connected() != Io::Ok)
    co_return std::unexpected(unavailable("cannot connect to " + endpoint.to_text()));
  if (options_.tls) {
    if (auto encrypted = co_await encrypt(); !encrypted) co_return encrypted;
  }
  co_return co_await log_in();
}

Task<Result<void>> RedisClient::encrypt() {
  SSL* ssl = new_direct_ssl(options_.tls.get(), options_.host, options_.tls_mode);
  if (co_await channel_->handshake(ssl) != Io::Ok)
    co_return std::unexpected(unavailable("TLS handshake: " + tls_error(ssl)));
  co_return Result<void>{};
}

Task<Result<void>> RedisClient::log_in() {
  // Logging in goes in front of what waits to be sent; its replies are nobody's.
  std::string login;
  std::size_t replies = 0;
  if (!options_.password.empty()) {
    Command auth = {"AUTH"};
    if (!options_.user.empty()) auth.push_back(options_.user);
    auth.push_back(options_.password);
    append_command(login, auth), ++replies;
  }
  if (options_.database != 0)
    append_command(login, Command{"SELECT", std::to_string(options_.database)}), ++replies;
  if (replies == 0) co_return Result<void>{};
  if (co_await channel_->write(login) != Io::Ok) co_return std::unexpected(unavailable("logging in"));
  Inlet inlet(*channel_);
  while (replies > 0) {
    auto reply = read_reply(inlet.bytes());
    if (!reply) co_return std::unexpected(unavailable(reply.error()));
    if (!*reply) {
      if (co_await inlet.more() != Io::Ok) co_return std::unexpected(unavailable("logging in"));
      continue;
    }
    if ((*reply)->first.is_error()) co_return std::unexpected(unavailable((*reply)->first.text));
    inlet.consume((*reply)->second);
    --replies;
  }
  co_return Result<void>{};
}

Task<> RedisClient::write_questions() {
  while (!ending_) {
    co_await Wanted(*this);
    if (ending_) break;
    const std::string piece = std::exchange(unsent_, {});
    if (co_await channel_->write(piece) != Io::Ok) break;
  }
  channel_->cancel(Io::Cancelled);
}

Task<> RedisClient::read_replies() {
  Inlet inlet(*channel_);
  bool good = true;
  while (good && co_await inlet.more() == Io::Ok) {
    while (good && !inlet.bytes().empty()) {
      auto reply = read_reply(inlet.bytes());
      good = reply && (!*reply || !waiting_.empty());
      if (!good || !*reply) break;
      inlet.consume((*reply)->second);
      due_.pop_front();
      Question* question = waiting_.front();
      waiting_.pop_front();
      if (question == nullptr) continue;
      question->reply = std::move((*reply)->first);
      // A server may answer before the question has come to wait: then its answer is found there.
      if (question->self) loop_.defer(question->self);
    }
  }
  ending_ = true;
  channel_->cancel(Io::Cancelled);
  if (writer_) loop_.defer(std::exchange(writer_, nullptr));
}

void RedisClient::answer_all(const Error& error) {
  for (Question* question : std::exchange(waiting_, {})) {
    if (question == nullptr) continue;
    question->reply = std::unexpected(error);
    // One that has not suspended yet finds its answer there.
    if (question->self) loop_.defer(question->self);
  }
  due_.clear();
  deadline_.disarm();
}

void RedisClient::on_deadline() {
  if (due_.empty()) return;
  const std::chrono::nanoseconds left(due_.front() - loop_.now_ns());
  if (left.count() > 0) return deadline_.arm(loop_.timers(), left);
  away_until_ns_ = loop_.now_ns() + std::chrono::nanoseconds(options_.pause).count();
  log::warn("the shared store is away", {{"error", "no answer in time"}});
  if (channel_) channel_->cancel(Io::Timeout);
  answer_all({ErrorCode::Timeout, "redis: no answer in time", {}});
}

}  // namespace signalbox::proxy
