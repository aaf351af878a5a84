// Folding: documents of rules that depend on base documents only are computed once, at load.
#pragma once

namespace signalbox::policy {

struct Program;

/// Fills Program::known. Bounded: what takes long or much memory is left to the evaluations.
void fold_known_documents(Program& program);

}  // namespace signalbox::policy
