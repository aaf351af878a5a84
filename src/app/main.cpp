// signalbox: the command line's entry point.
#include "app/cli/verb.h"

int main(int argc, char** argv) {
  return signalbox::app::cli::run_command_line(argc, argv);
}
