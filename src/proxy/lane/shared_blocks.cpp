// The list in Redis is a hash, and beside it stands a number that grows with each change: an unchanged list
// costs one GET a round. What both sides agreed on last tells a block that is new here from one that was
// lifted there.
//
// The surprise: an empty server is not an order to lift everything. Where the number is missing the server
// has lost its data (or is new), and what is here goes there again.
#include "proxy/lane/shared_blocks.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "actions/limits/block_json.h"
#include "base/json_depth.h"

namespace signalbox::proxy {
namespace {

constexpr std::chrono::milliseconds kRound{250};

std::string field_of(const actions::Block& block) {
  return std::string(actions::name(block.kind)) + " " + block.value;
}

std::string text_of(const actions::Block& block) {
  return actions::to_json(block).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<actions::Block> block_of(const std::string& text) {
  const auto json = nlohmann::json::parse(if_shallow(text), nullptr, false);
  return json.is_discarded() ? std::nullopt : actions::block_from(json);
}

}  // namespace

SharedBlocks::SharedBlocks(Loop& loop, RedisClient& redis, actions::BlockList& blocks, const Clock& clock,
                           std::string prefix)
    : loop_(loop),
      redis_(redis),
      blocks_(blocks),
      clock_(clock),
      list_key_(prefix + ":blocks"),
      version_key_(prefix + ":blocks:version"),
      round_([this] { changed(); }) {}

void SharedBlocks::changed() {
  if (waiting_) loop_.defer(std::exchange(waiting_, nullptr));
}

Task<> SharedBlocks::run() {
  struct Pause {
    SharedBlocks& blocks;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> self) {
      blocks.waiting_ = self;
      blocks.round_.arm(blocks.loop_.timers(), kRound);
    }
    void await_resume() const { blocks.round_.disarm(); }
  };
  for (;;) {
    co_await exchange();
    co_await Pause{*this};
  }
}

SharedBlocks::Texts SharedBlocks::texts_here() const {
  Texts texts;
  for (const actions::Block& block : blocks_.list(clock_.wall_ns()))
    texts.emplace(field_of(block), text_of(block));
  return texts;
}

Task<Result<void>> SharedBlocks::exchange() {
  const auto number = co_await redis_.ask({"GET", version_key_});
  if (!number) co_return std::unexpected(number.error());
  if (number->is_error()) co_return fail(ErrorCode::Unavailable, "redis: " + number->text);
  const bool is_lost = number->kind == RespReply::Kind::Nil;
  if (is_lost) known_.clear(), version_.clear();
  if (!is_lost && number->text != version_) {
    if (auto fetched = co_await fetch(); !fetched) co_return fetched;
    version_ = number->text;
  }
  if (blocks_.version() == seen_ && !is_lost) co_return Result<void>{};
  const std::uint64_t version = blocks_.version();
  if (auto sent = co_await send(texts_here()); !sent) co_return sent;
  seen_ = version;
  co_return Result<void>{};
}

/// What has changed here since both agreed.
Task<Result<void>> SharedBlocks::send(const Texts& here) {
  std::vector<std::string> put = {"HSET", list_key_}, drop = {"HDEL", list_key_};
  for (const auto& [field, text] : here) {
    const auto known = known_.find(field);
    if (known == known_.end() || known->second != text) put.insert(put.end(), {field, text});
  }
  for (const auto& [field, text] : known_) {
    if (!here.contains(field)) drop.push_back(field);
  }
  bool changed = version_.empty();
  for (auto* command : {&put, &drop}) {
    if (command->size() == 2) continue;
    const auto reply = co_await redis_.ask(*command);
    if (!reply) co_return std::unexpected(reply.error());
    if (reply->is_error()) co_return fail(ErrorCode::Unavailable, "redis: " + reply->text);
    changed = true;
  }
  known_ = here;
  if (changed) {
    const auto number = co_await redis_.ask({"INCR", version_key_});
    if (!number) co_return std::unexpected(number.error());
  }
  co_return Result<void>{};
}

Task<Result<void>> SharedBlocks::fetch() {
  const auto all = co_await redis_.ask({"HGETALL", list_key_});
  if (!all) co_return std::unexpected(all.error());
  if (all->is_error()) co_return fail(ErrorCode::Unavailable, "redis: " + all->text);
  Texts there;
  for (std::size_t i = 0; i + 1 < all->items.size(); i += 2) {
    // As it would be written here: what differs in the writing alone is no change.
    if (const auto block = block_of(all->items[i + 1].text))
      there.emplace(all->items[i].text, text_of(*block));
  }
  take(there);
  co_return Result<void>{};
}

/// What has changed there since both agreed. What is new here stays.
void SharedBlocks::take(const Texts& there) {
  for (const auto& [field, text] : there) {
    const auto known = known_.find(field);
    if (known != known_.end() && known->second == text) continue;
    auto block = block_of(text);
    if (block && (block->until_ns == 0 || block->until_ns > clock_.wall_ns()))
      (void)blocks_.add(std::move(*block));
  }
  for (const auto& [field, text] : known_) {
    if (there.contains(field)) continue;
    if (const auto block = block_of(text)) blocks_.lift(block->kind, block->value);
  }
  known_ = there;
}

}  // namespace signalbox::proxy
