// The FIFO and its rules. The surprise: a Sync sent while the server reads COPY data is swallowed, whether it
// was sent before or after the CopyInResponse came; so requests behind the COPY are judged when that message
// arrives, and later ones when they are sent.
#include "proxy/session/book.h"

#include <utility>

namespace signalbox::proxy {
namespace {

constexpr std::size_t kFirstSize = 16;
constexpr std::size_t kKeepSize = 256;
constexpr std::size_t kLookBack = 256;  ///< requests, for the Parse of a name

}  // namespace

void Book::sent(Request request, std::unique_ptr<Companion> companion) {
  if (copying_in_ && copy_takes(request)) return;
  if (skipping_) {
    if (request != Request::Sync) return;
    skipping_ = false;
  }
  if (request == Request::CopyEnd) {
    if (count_ == 0) return;
  } else {
    unsynced_ = request != Request::Sync && request != Request::Query && request != Request::FunctionCall;
    ran_ = unsynced_ && (ran_ || request == Request::Bind || request == Request::Execute);
  }
  push(request, std::move(companion));
}

const Pending* Book::head() const {
  return count_ > 0 ? &at(0) : nullptr;
}

Book::UnansweredParse Book::unanswered_parse(std::string_view statement) {
  bool certain = true;
  std::size_t parses = parses_;
  for (std::size_t i = count_; parses > 0;) {
    Pending& pending = at(--i);
    if (count_ - i > kLookBack) return {.too_far = true};
    if (pending.request == Request::Sync) certain = false;
    if (pending.request != Request::Parse) continue;
    --parses;
    if (pending.companion && pending.companion->statement == statement) {
      return {.parse = pending.companion.get(), .certain = certain};
    }
  }
  return {};
}

bool Book::awaits_sync() const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (at(i).request == Request::Sync) return true;
  }
  return false;
}

bool Book::names_may_change() const {
  for (std::size_t i = 0; i < count_; ++i) {
    const Pending& pending = at(i);
    if (pending.companion && (pending.companion->changes || pending.request == Request::Execute)) return true;
  }
  return false;
}

/// True when the COPY under way consumes this request without an answer. Anything but data, Sync and Flush
/// ends it.
bool Book::copy_takes(Request request) {
  if (request != Request::Sync) copying_in_ = false;
  lost_ = lost_ || (request != Request::Sync && request != Request::CopyEnd);
  return true;
}

void Book::begin_copy_in() {
  copying_in_ = true;
  // What has been sent behind the COPY: drop what it swallows, up to and including what ends it.
  std::size_t kept = 1;
  for (std::size_t i = 1; i < count_; ++i) {
    if (copying_in_ && copy_takes(at(i).request)) {
      if (at(i).request == Request::Parse) --parses_;
      at(i).companion.reset();
    } else {
      if (kept != i) at(kept) = std::move(at(i));
      ++kept;
    }
  }
  count_ = kept;
}

Book::Meaning Book::received(char type, char status) {
  switch (type) {
    case 'N':
    case 'A':
    case 'S': return {};
    case 'E': return error();
    case 'Z': return ready(status);
    case '1': return finish(Request::Parse);
    case '2': return finish(Request::Bind);
    case '3': return finish(Request::Close);
    case 'n': return finish(Request::Describe);
    case 's':
    case 'I':
    case 'C': return finish(Request::Execute);
    default: break;
  }
  if (count_ == 0) return nobodys();
  answered_ = true;
  Pending& head = at(0);
  if (type == 'T' && head.request == Request::Describe) return finish(Request::Describe);
  if (type == 'G' || type == 'W') begin_copy_in();
  return {.head = &head, .ends_request = false, .failed = false, .ready = false};
}

/// The request of this kind at the head has its whole answer. For Query and FunctionCall the same messages
/// are only a part of it.
Book::Meaning Book::finish(Request request) {
  if (count_ == 0) return nobodys();
  answered_ = true;
  if (at(0).request != request)
    return {.head = &at(0), .ends_request = false, .failed = false, .ready = false};
  pop();
  return {.head = &ended_, .ends_request = true, .failed = false, .ready = false};
}

Book::Meaning Book::error() {
  if (count_ == 0) return {};
  copying_in_ = false;
  answered_ = true;
  Pending& head = at(0);
  switch (head.request) {
    case Request::Query:
    case Request::FunctionCall:
    case Request::Sync: return {.head = &head, .ends_request = false, .failed = false, .ready = false};
    default: break;
  }
  pop();
  skip_to_sync();
  return {.head = &ended_, .ends_request = true, .failed = true, .ready = false};
}

Book::Meaning Book::ready(char status) {
  transaction_ = status == 'T'   ? Transaction::Active
                 : status == 'E' ? Transaction::Failed
                                 : Transaction::Idle;
  copying_in_ = false;
  while (count_ > 0) {
    const bool answered = answered_;
    pop();
    const Request request = ended_.request;
    lost_ = lost_ || (request != Request::Sync && !answered);
    if (request == Request::Query || request == Request::FunctionCall || request == Request::Sync)
      return {.head = &ended_, .ends_request = true, .failed = false, .ready = true};
    lost_ = true;
  }
  lost_ = true;
  return {.head = nullptr, .ends_request = false, .failed = false, .ready = true};
}

Book::Meaning Book::nobodys() {
  lost_ = true;
  return {};
}

void Book::skip_to_sync() {
  while (count_ > 0 && at(0).request != Request::Sync) drop_first();
  skipping_ = count_ == 0;
}

void Book::push(Request request, std::unique_ptr<Companion> companion) {
  if (count_ == ring_.size()) {
    std::vector<Pending> larger(ring_.empty() ? kFirstSize : ring_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) larger[i] = std::move(at(i));
    ring_ = std::move(larger);
    head_ = 0;
  }
  ++count_;
  if (request == Request::Parse) ++parses_;
  Pending& last = at(count_ - 1);
  last.request = request;
  last.companion = std::move(companion);
}

/// Nothing will answer an end of COPY data that is now at the front: it goes too, so that the book is empty
/// when the server owes nothing.
void Book::pop() {
  ended_ = std::move(at(0));
  drop_first();
  while (count_ > 0 && at(0).request == Request::CopyEnd) drop_first();
}

void Book::drop_first() {
  answered_ = false;
  if (at(0).request == Request::Parse) --parses_;
  at(0).companion.reset();
  head_ = (head_ + 1) & (ring_.size() - 1);
  if (--count_ == 0 && ring_.size() > kKeepSize) std::vector<Pending>().swap(ring_), head_ = 0;
}

}  // namespace signalbox::proxy
