// YAML policies: the short form of Rego. A `*.policy.yaml` file becomes the module that one would have
// written by hand, so that everything behind the parser treats both alike, and `policy rego` can print it.
//
//   policy: NAME            package policies.NAME
//   mode: enforce | shadow  shadow: each action carries "shadow": true
//   on: [HOOK, ..]          input.hook in {..}; without it, the vocabulary's default hook
//   parameters: {K: V}      constants for {{ parameters.K }}
//   priority, final         put on every action that does not say otherwise
//   tags, description       annotations
//   rules:
//     - name                the rule's title
//       on, priority, final as above, for this rule
//       match: {PATH: ..}   conditions on input.PATH, all of which must hold
//       when: REGO          expressions that must hold too; also a list of them
//       then: [ACTION: {..}]  one `actions contains {..}` each
//
// A condition is a value (equal; a string with * or ? is a glob), a list (any of them), or a map of
//   equals, in, glob, regex, cidr, prefix: one or a list; any may match
//   range: {min, max, above, below} or [min, max]       exists: true | false       not: any condition
//   any: {MEMBER: condition, ..}, of a list of objects: one element for which all hold
// `not` holds also where there is no value. Where the input schema says that a path goes through an array,
// any element may match.
#pragma once

#include <optional>

#include "policy/engine.h"
#include "policy/syntax/parsing.h"

namespace signalbox::policy::yaml {

class Schemas;

/// The module that the text stands for; spans are places in the YAML text. Errors are collected.
ast::Parsed<ast::Module> parse_policy(ast::SourcePtr source, const Vocabulary& vocabulary);

/// The same for many texts with the same Schemas (schemas.h). Adds its errors, sorted. Where there are some,
/// the module is for finding what else is wrong: faulty actions and conditions are not in it. Nothing when
/// what holds for all rules is faulty.
std::optional<ast::Module> read_policy(ast::SourcePtr source, Schemas& schemas, Diagnostics& errors);

}  // namespace signalbox::policy::yaml
