// Parsing: source text to the tree of ast.h, or what is wrong with it.
//
// Bounded: nesting and height of the tree, and the work of the grammar's few ambiguous places (`{a | b}`,
// `{..}` before `and`); a text beyond the bounds is a rego_parse_error. Diagnostics carry OPA's texts, codes
// and positions.
#pragma once

#include <expected>

#include "base/diagnostic.h"
#include "policy/syntax/ast.h"
#include "policy/syntax/token.h"

namespace signalbox::policy::ast {

struct ParseOptions {
  RegoVersion version = RegoVersion::V1;
  FutureKeywords keywords = 0;  ///< switched on without an import, besides those of the version
  bool annotations = true;      ///< read `# METADATA` blocks
  bool repeated_keys =
      false;  ///< keep items of objects whose keys come again: what was written, not what it means
  /// Rego within another text: only [begin, end) is read, which begins at row:col. Unknown: all of it.
  Span part = {};
};

template <class T>
using Parsed = std::expected<T, Diagnostics>;

/// A whole module: package, imports, rules. The source may not be empty.
Parsed<Module> parse_module(SourcePtr source, const ParseOptions& options = {});

/// A query: expressions, separated by `;` or newlines.
Parsed<Body> parse_query(SourcePtr source, const ParseOptions& options = {});

/// One term, such as the value of `--unknowns` or an input written in Rego.
Parsed<Term> parse_term(SourcePtr source, const ParseOptions& options = {});

/// One reference; a lone name is a reference of one part.
Parsed<Ref> parse_ref(SourcePtr source, const ParseOptions& options = {});

/// Shorthand: a Source of its own for a text.
SourcePtr make_source(std::string name, std::string text);

/// How error texts name the kind of a term: "string", "ref", "setcomprehension", ...
std::string_view kind_name(const Term& term);

}  // namespace signalbox::policy::ast
