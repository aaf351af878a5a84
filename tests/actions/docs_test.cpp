// docs/actions.md is what the catalogue generates.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "actions/vocabulary.h"

TEST_CASE("docs/actions.md is up to date") {
  std::ifstream file(SIGNALBOX_SOURCE_DIR "/docs/actions.md");
  std::stringstream text;
  text << file.rdbuf();
  INFO("write it with: signalbox actions -o markdown > docs/actions.md");
  CHECK(text.str() == signalbox::actions::actions_markdown());
}
