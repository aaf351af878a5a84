// Peak memory: VmHWM of /proc/self/status, which writing 5 to clear_refs sets back to what is resident.
#include "policy/support/peak_memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace signalbox::policy::test {

void forget_peak_memory() {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}

std::size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace signalbox::policy::test
