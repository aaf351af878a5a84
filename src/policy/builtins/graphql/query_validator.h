// The validator of an executable document, and how literals are read and shown in its messages. Private to
// query_rules.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/builtins/go/text.h"
#include "policy/builtins/graphql/query_overlap.h"
#include "policy/builtins/graphql/schema.h"

namespace signalbox::policy::graphql {

using Text = std::string_view;
enum class Literal : std::int64_t { Variable, Int, Float, String, Block, Boolean, Null, Enum, List, Object };

inline std::string quoted(Text text) {
  return "\"" + std::string(text) + "\"";
}

inline Literal literal_of(const Value& value) {
  Value kind = value.at("Kind");
  return kind.is_integer() && kind.as_integer() >= 0 && kind.as_integer() <= 9
             ? static_cast<Literal>(kind.as_integer())
             : Literal::Null;
}

/// A literal as written.
inline std::string literal_text(const Value& value) {
  std::string out;
  switch (literal_of(value)) {
    case Literal::Variable: return "$" + std::string(text_in(value, "Raw"));
    case Literal::String:
    case Literal::Block: return go::quote(text_in(value, "Raw"));
    case Literal::List:
      for (const Value& child : list_in(value, "Children"))
        out += (out.empty() ? "" : ",") + literal_text(child.at("Value"));
      return "[" + out + "]";
    case Literal::Object:
      for (const Value& child : list_in(value, "Children"))
        out += (out.empty() ? "" : ",") + std::string(text_in(child, "Name")) + ":" +
               literal_text(child.at("Value"));
      return "{" + out + "}";
    default: return std::string(text_in(value, "Raw"));
  }
}

/// What a value's place expects. `type` is undefined where nothing is known.
struct Expected {
  Value type;
  const Definition* def = nullptr;
  bool has_default = false;
};

class Validator {
 public:
  Validator(Arena& arena, const Schema& schema, const Value& query) : schema_(schema), query_(query) {
    typename_ = *parse_schema(arena, "type T { __typename: String }");
    typename_ = list_in(list_in(typename_, "Definitions")[0], "Fields")[0];
  }
  std::vector<Complaint> run();

 private:
  void complain(const Value& node, std::string message) {
    complaints_.push_back({std::move(message), position_of(node)});
  }
  Value fragment_named(Text name) const { return named(list_in(query_, "Fragments"), name); }
  const Definition* root(Text operation) const;

  void operation(const Value& node);
  void check_variables(const Value& node);
  void check_operation(const Value& node);
  void check_subscription(const Value& node);
  void top_fields(const Value& node, std::vector<Value>& fields, std::set<Text>& visited, int depth) const;
  void fragment(const Value& node);
  void check_cycles(const Value& fragment);
  void cycle_step(const Value& fragment, std::vector<Text>& path);
  void spreads_of(const Value& node, std::vector<Value>& out, int depth) const;
  void directives(const Value& node, Text location);
  void check_directive(const Value& use, const Value* definition, Text location);
  void arguments(const Value& node, const Value* definition, bool directive, Text owner,
                 const Definition* parent);
  void check_required(const Value& node, std::span<const Value> wanted, std::span<const Value> given,
                      const std::string& start);
  void value(const Value& node, const Expected& expected);
  void check_value(const Value& node, const Expected& expected);
  void check_object_literal(const Value& node, const Definition& def);
  void check_enum_literal(const Value& node, const Expected& expected);
  void check_variable_use(const Value& node, const Expected& expected);
  void unexpected_value(const Value& node, const Expected& expected);
  void selections(const Value& node, const Definition* parent, int depth);
  void field(const Value& node, const Definition* parent, int depth);
  void check_field(const Value& node, const Value* definition, const Definition* parent);
  void check_leaf(const Value& node, const Value& definition);
  void inline_fragment(const Value& node, const Definition* parent, int depth);
  void spread(const Value& node, const Definition* parent, int depth);
  bool can_overlap(const Definition* parent, Text type) const;
  std::vector<Text> possible(const Definition& def) const;

  static constexpr int kMaxDepth = 200;
  const Schema& schema_;
  Value query_, typename_;
  std::vector<Complaint> complaints_;
  Value operation_;  ///< undefined while a fragment is walked on its own
  std::set<Text> used_variables_, walked_fragments_, used_fragments_, cycle_checked_, fragment_names_,
      operation_names_;
};

}  // namespace signalbox::policy::graphql
