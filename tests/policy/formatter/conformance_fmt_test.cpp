// OPA's formatter texts: each X.rego gives X.rego.formatted, which formats to itself.
#include <catch2/catch.hpp>

#include "policy/formatter/format.h"
#include "support/conformance.h"

using namespace signalbox;
using namespace signalbox::policy;
namespace fs = std::filesystem;

TEST_CASE("all of the formatter's texts come out as OPA formats them", "[cases]") {
  const auto root = support::conformance("rego-fmt");
  if (!root) return;
  int texts = 0;
  for (const auto& file : fs::directory_iterator(*root)) {
    if (file.path().extension() != ".rego") continue;
    INFO(file.path().filename().string());
    const std::string want = support::read_file(file.path().string() + ".formatted");
    REQUIRE_FALSE(want.empty());
    const auto got = fmt_rego::format_source(file.path().string(), support::read_file(file.path()));
    INFO((got ? "" : to_text(got.error())));
    REQUIRE(got);
    CHECK(*got == want);
    const auto again = fmt_rego::format_source("again.rego", *got);
    REQUIRE(again);
    CHECK(*again == want);
    ++texts;
  }
  CHECK(texts > 30);
}
