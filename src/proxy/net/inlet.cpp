// Two places for bytes, one view. Memory that a large message needed is given back when it has been consumed.
#include "proxy/net/inlet.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kKeepBytes = 4096;

}  // namespace

void Inlet::keep() {
  if (view_.empty()) {
    release();
  } else if (kept_.empty()) {
    kept_.assign(view_);
    view_ = kept_;
    leave_scratch();
  }
}

void Inlet::leave_scratch() {
  Inlet*& user = loop_->scratch_user();
  if (user == this) user = nullptr;
}

void Inlet::release() {
  view_ = {};
  leave_scratch();
  if (kept_.capacity() > kKeepBytes) {
    kept_ = {};
  } else {
    kept_.clear();
  }
}

Inlet::More::More(Inlet& inlet) : inlet_(inlet), read_(*inlet.channel_, inlet.loop_->scratch()) {
  inlet_.keep();
}

Io Inlet::More::await_resume() {
  const ReadResult got = read_.await_resume();
  if (got.status != Io::Ok) return got.status;
  if (inlet_.kept_.empty()) {
    inlet_.view_ = got.bytes;
    inlet_.loop_->scratch_user() = &inlet_;
  } else {
    inlet_.kept_.erase(0, inlet_.kept_.size() - inlet_.view_.size());
    inlet_.kept_.append(got.bytes);
    inlet_.view_ = inlet_.kept_;
  }
  return Io::Ok;
}

}  // namespace signalbox::proxy
