// The grammars of this build: CMake defines SIGNALBOX_GRAMMAR_NN for each.
#include "sql/grammar.h"

#include <array>

namespace signalbox::sql {

#define DECLARE(version)         \
  namespace version {            \
  extern const Grammar kGrammar; \
  }
#ifdef SIGNALBOX_GRAMMAR_15
DECLARE(grammar15)
#endif
#ifdef SIGNALBOX_GRAMMAR_18
DECLARE(grammar18)
#endif
#undef DECLARE

namespace {

constexpr auto kGrammars = std::to_array<const Grammar*>({
#ifdef SIGNALBOX_GRAMMAR_15
    &grammar15::kGrammar,
#endif
#ifdef SIGNALBOX_GRAMMAR_18
    &grammar18::kGrammar,
#endif
});

}  // namespace

std::span<const Grammar* const> grammars() {
  return kGrammars;
}

const Grammar& grammar_for(int server_version) {
  for (const Grammar* grammar : kGrammars)
    if (server_version != 0 && grammar->major >= server_version) return *grammar;
  return *kGrammars.back();
}

}  // namespace signalbox::sql
