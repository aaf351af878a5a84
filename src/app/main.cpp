// signalbox: the command line's entry point.
#include <cstdio>

int main() {
  std::puts("signalbox 0.1.0");
  return 0;
}
