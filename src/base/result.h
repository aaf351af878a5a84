// Error and Result: how an operation that can fail in our environment says so.
// The four kinds of bad news are four types (docs/architecture.md, "Bad news"): Diagnostic for authors of
// policies and configuration, WireError for a peer that broke the protocol, a refusal for a normal decision,
// and this one for files, sockets, memory and other services.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace signalbox {

enum class ErrorCode {
  InvalidArgument,  ///< the caller's value cannot be used
  NotFound,
  AlreadyExists,
  Unavailable,  ///< a peer cannot be reached; trying again may help
  Timeout,
  LimitExceeded,  ///< a configured bound was reached
  Cancelled,
  Corrupt,  ///< stored or received data does not have its documented form
  Io,
  Internal,
};

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;  ///< what and where; never a secret
  std::string hint;     ///< how to mend it; may be empty
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(hint)});
}

}  // namespace signalbox
