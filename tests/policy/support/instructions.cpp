// A traced child stops itself before and after the work; the parent steps from one stop to the other.
// Hardware counters would be quicker, but most virtual machines have none.
#include "policy/support/instructions.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace signalbox::policy::test {
namespace {

constexpr std::uint64_t kMost = 20'000'000;

[[noreturn]] void be_traced(const std::function<void()>& work) {
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  ::raise(SIGSTOP);
  work();
  ::raise(SIGSTOP);
  ::_exit(0);
}

/// Steps until the child stops itself again.
std::uint64_t count_steps(pid_t child) {
  int status = 0;
  for (std::uint64_t count = 0; count < kMost; ++count) {
    if (::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0) return 0;
    if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 0;
    if (WSTOPSIG(status) == SIGSTOP) return count;
  }
  return 0;
}

}  // namespace

std::uint64_t instructions_of(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child < 0) return 0;
  if (child == 0) be_traced(work);
  int status = 0;
  const bool stopped = ::waitpid(child, &status, 0) == child && WIFSTOPPED(status);
  const std::uint64_t count = stopped ? count_steps(child) : 0;
  if (stopped) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  return count;
}

}  // namespace signalbox::policy::test
