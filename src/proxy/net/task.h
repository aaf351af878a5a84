// Task: a coroutine that is awaited once. Lazy: it runs when awaited, and resumes its awaiter when it ends.
//
// A session is a few tasks, each a verb. Nothing here throws: a task that lets an exception escape ends the
// process, because on the data path every failure is a value. Everything runs on one loop; no locks.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace signalbox::proxy {

template <class T = void>
class Task;
class Background;

namespace internal {

struct FinalStep {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    return self.promise().awaiter ? self.promise().awaiter : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> awaiter;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalStep final_suspend() const noexcept { return {}; }
  void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace internal

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().awaiter = awaiter;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  friend class Background;
  Handle handle_;
};

namespace internal {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

/// A coroutine nobody awaits: it starts at once and frees itself at its end.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace internal

/// Starts a task on its own, now, until its first suspension.
inline void spawn(Task<> task) {
  [](Task<> owned) -> internal::Detached { co_await std::move(owned); }(std::move(task));
}

/// A task beside what its owner does. It ends by itself or, wherever it waits, with its owner; so all that it
/// waits for must bear that.
class Background {
 public:
  /// Until its first suspension. What ran before must have ended.
  void run(Task<> task) { task_.emplace(std::move(task)).handle_.resume(); }

 private:
  std::optional<Task<>> task_;
};

/// Awaits two tasks that run side by side; ends when both have ended.
class Both {
 public:
  Both(Task<> first, Task<> second)
      : first_(run(*this, std::move(first))), second_(run(*this, std::move(second))) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> awaiter) {
    awaiter_ = awaiter;
    first_.handle.resume();
    second_.handle.resume();
    return --left_ >
           0;  // the count includes this call, so that neither task can resume the awaiter before it waits
  }
  void await_resume() const noexcept {}

 private:
  /// Runs one of the two. The last to end resumes the awaiter, which may destroy this: so only once the
  /// coroutine has come to rest.
  struct Half {
    struct promise_type {
      struct Arrive {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
          Both& owner = self.promise().both;
          return --owner.left_ == 0 ? owner.awaiter_ : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
      };
      promise_type(Both& owner, Task<>&) : both(owner) {}
      Half get_return_object() { return Half(std::coroutine_handle<promise_type>::from_promise(*this)); }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      Arrive final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      void unhandled_exception() const noexcept { std::terminate(); }
      Both& both;
    };
    explicit Half(std::coroutine_handle<promise_type> own) : handle(own) {}
    Half(const Half&) = delete;
    Half& operator=(const Half&) = delete;
    ~Half() { handle.destroy(); }
    std::coroutine_handle<promise_type> handle;
  };
  static Half run(Both& /*both*/, Task<> task) { co_await std::move(task); }

  Half first_;
  Half second_;
  std::coroutine_handle<> awaiter_;
  int left_ = 3;
};

}  // namespace signalbox::proxy
