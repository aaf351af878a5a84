// Fact: what a condition is about, how it is read and what the input schema says it may be. Conditions that
// cannot hold, or always do, are refused in the words of the policy's own text: what is generated from it has
// names that nobody knows. Internal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/yaml/reader.h"

namespace signalbox::policy::yaml {

struct Fact {
  ast::Term term;
  std::string path;  ///< as messages name it
  const FactType* type = nullptr;
  bool one_of = false;  ///< `path` is a list, of which this is an element
};

/// The names of a dotted path.
std::vector<std::string_view> split_at_dots(std::string_view path);

/// input.PATH for a dotted path (`input.` may be written). Behind an array each element is bound to a
/// variable by an expression added to `body`. Null when the path is wrong (reported).
std::optional<Fact> find_fact(Reader& reader, std::string_view path, const ast::Span& at, ast::Body& body);

// Whether a condition makes sense. False: it does not, which is reported.

/// Equality with a value that was read from `node`.
bool can_equal(Reader& reader, const Fact& fact, const Node& node, const ast::Term& value);
/// A condition on the member `name`.
bool has_members(Reader& reader, const Fact& fact, std::string_view name, const ast::Span& at);
/// A condition on texts: `test` names it.
bool can_be_text(Reader& reader, const Fact& fact, std::string_view test, const ast::Span& at);
/// The bound of a range.
bool can_compare(Reader& reader, const Fact& fact, const Node& node, const ast::Term& bound);
/// A pattern of glob, regex or cidr.
bool is_pattern(Reader& reader, std::string_view test, const Node& node, const ast::Term& pattern);

}  // namespace signalbox::policy::yaml
