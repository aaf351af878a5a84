// One hardware counter through perf_event_open, opened for each measurement.
#include "policy/support/instructions.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signalbox::policy::test {

std::uint64_t instructions_of(const std::function<void()>& work) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
  attributes.disabled = 1;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  const long fd = ::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
  if (fd < 0) return 0;
  ::ioctl(static_cast<int>(fd), PERF_EVENT_IOC_ENABLE, 0);
  work();
  ::ioctl(static_cast<int>(fd), PERF_EVENT_IOC_DISABLE, 0);
  std::uint64_t count = 0;
  if (::read(static_cast<int>(fd), &count, sizeof count) != sizeof count) count = 0;
  ::close(static_cast<int>(fd));
  return count;
}

}  // namespace signalbox::policy::test
