// A YAML policy read top down: the file's keys, then each rule. What comes out is a module of
// `actions contains {..} if {..}` rules, one for each action.
#include "policy/yaml/policy.h"

#include <algorithm>
#include <iterator>

#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"
#include "policy/yaml/reader.h"

namespace signalbox::policy::yaml {
namespace {

const std::vector<std::string_view> kPolicyKeys = {"policy",   "description", "mode", "on",   "parameters",
                                                   "priority", "final",       "tags", "rules"};
const std::vector<std::string_view> kRuleKeys = {"name",  "description", "on",   "priority", "final",
                                                 "match", "when",        "then", "tags",     "mode"};

class PolicyReader {
 public:
  PolicyReader(ast::SourcePtr source, Schemas& schemas) : reader_(source, schemas) {
    module_.source = std::move(source);
  }

  std::optional<ast::Module> read(Diagnostics& errors) {
    if (auto document = read_document(*reader_.source); !document) {
      reader_.errors = std::move(document.error());
    } else if (!document->is(NodeKind::Map)) {
      reader_.error("policy_bad_value", document->span,
                    fmt::format("a policy must be a map, not {}", describe(*document)));
    } else {
      policy(*document);
    }
    sort_by_position(reader_.errors);
    std::ranges::move(reader_.errors, std::back_inserter(errors));
    if (!has_rules_) return std::nullopt;
    add_imports();
    return std::move(module_);
  }

 private:
  void policy(const Node& node) {
    reader_.check_fields(node, "a policy", kPolicyKeys);
    package(node);
    reader_.parameters = node.field("parameters");
    ActionDefaults defaults;
    defaults.hooks = hooks(node.field("on"));
    read_defaults(node, defaults);
    const Node* rules = node.field("rules");
    if (rules == nullptr && !reader_.errors.empty()) return;  // most likely misspelt
    if (rules == nullptr || !rules->is(NodeKind::List)) {
      return reader_.error("policy_bad_value", rules == nullptr ? node.span : rules->span,
                           "a policy needs a list of rules");
    }
    has_rules_ = reader_.errors.empty();
    for (const Node& one : rules->items) rule(one, defaults, node.field("on"));
  }

  void package(const Node& node) {
    const Node* name = node.field("policy");
    const ast::Span at = name == nullptr ? node.span : name->span;
    module_.package.span = at;
    module_.package.path.terms = {ast::make_var("data", at), ast::make_string("policies", at)};
    if (name == nullptr || !name->is(NodeKind::Scalar)) {
      return reader_.error("policy_bad_value", at, "a policy needs a name: policy: NAME");
    }
    if (!ast::is_identifier(name->text)) {
      return reader_.error("policy_bad_value", at, fmt::format("{} is no name for a policy", name->text),
                           "letters, digits and _ only, not beginning with a digit");
    }
    module_.package.path.terms.push_back(ast::make_string(name->text, at));
    describe_with(node, ast::AnnotationScope::Package, module_.package.path, node.field("policy")->text);
  }

  /// Hooks that are named, checked; empty: the default one.
  std::vector<std::string> hooks(const Node* node) {
    std::vector<std::string> out;
    if (node == nullptr) return out;
    for (const Node& hook : node->is(NodeKind::List) ? node->items : std::vector<Node>{*node}) {
      const auto& known = reader_.vocabulary.hooks;
      if (hook.is(NodeKind::Scalar) &&
          (known.empty() || std::ranges::find(known, hook.text) != known.end())) {
        out.push_back(hook.text);
        continue;
      }
      const std::vector<std::string_view> names(known.begin(), known.end());
      reader_.unknown("policy_unknown_hook", hook.span, fmt::format("there is no hook {}", hook.text),
                      hook.text, names);
    }
    return out;
  }

  void read_defaults(const Node& node, ActionDefaults& defaults) {
    if (const Node* mode = node.field("mode")) {
      if (mode->text != "enforce" && mode->text != "shadow") {
        reader_.unknown("policy_bad_value", mode->span, fmt::format("mode cannot be {}", mode->text),
                        mode->text, {"enforce", "shadow"});
      }
      defaults.shadow = mode->text == "shadow";
    }
    if (const Node* priority = node.field("priority")) {
      defaults.priority = to_term(*priority);
      const auto* number = ast::as<ast::Number>(*defaults.priority);
      if (number == nullptr || number->text.find_first_of(".eE") != std::string::npos) {
        reader_.error("policy_bad_value", priority->span,
                      fmt::format("priority must be an integer, not {}", describe(*priority)));
      }
    }
    if (const Node* final = node.field("final")) {
      defaults.final = to_term(*final);
      if (ast::as<ast::Boolean>(*defaults.final) == nullptr) {
        reader_.error("policy_bad_value", final->span,
                      fmt::format("final must be true or false, not {}", describe(*final)));
      }
    }
  }

  void rule(const Node& node, ActionDefaults defaults, const Node* policy_on) {
    if (!node.is(NodeKind::Map)) {
      return reader_.error("policy_bad_value", node.span,
                           fmt::format("a rule must be a map, not {}", describe(node)));
    }
    const std::size_t errors_before = reader_.errors.size();
    reader_.check_fields(node, "a rule", kRuleKeys);
    read_defaults(node, defaults);
    const Node* on = node.field("on");
    if (on != nullptr) defaults.hooks = hooks(on);
    if (on == nullptr) on = policy_on;
    if (defaults.hooks.empty() && !reader_.vocabulary.default_hook.empty()) {
      defaults.hooks = {reader_.vocabulary.default_hook};
    }
    const bool is_placed = reader_.errors.size() == errors_before;
    ast::Body body;
    if (on != nullptr && !defaults.hooks.empty()) body.push_back(hook_condition(defaults.hooks, on->span));
    read_conditions(node, body);
    const Node* then = node.field("then");
    if (then == nullptr)
      return reader_.error("policy_bad_value", node.span, "a rule needs actions: then: [..]");
    std::vector<ast::Term> actions = read_actions(reader_, *then, defaults);
    const bool is_faulty = reader_.errors.size() != errors_before;
    if (is_faulty && actions.empty()) actions.push_back(ast::Term{ast::Object{}, then->span});
    if (is_placed) add_rules(node, std::move(body), std::move(actions));
  }

  /// All of them, or none: a part could lack what binds its variables.
  void read_conditions(const Node& rule, ast::Body& body) {
    ast::Body conditions;
    const std::size_t errors_before = reader_.errors.size();
    if (const Node* match = rule.field("match")) read_match(reader_, *match, conditions);
    read_when(rule.field("when"), conditions);
    if (reader_.errors.size() == errors_before) std::ranges::move(conditions, std::back_inserter(body));
  }

  ast::Expr hook_condition(const std::vector<std::string>& hooks, const ast::Span& at) {
    ast::Term hook = ast::make_ref({ast::make_var("input", at), ast::make_string("hook", at)}, at);
    if (hooks.size() == 1)
      return call_expr("equal", {std::move(hook), ast::make_string(hooks.front(), at)}, at);
    ast::Set set;
    for (const std::string& name : hooks) set.items.push_back(ast::make_string(name, at));
    return call_expr("internal.member_2", {std::move(hook), ast::Term{std::move(set), at}}, at);
  }

  void read_when(const Node* when, ast::Body& body) {
    if (when == nullptr) return;
    for (const Node& node : when->is(NodeKind::List) ? when->items : std::vector<Node>{*when}) {
      if (auto exprs = read_rego(reader_, node))
        std::move(exprs->begin(), exprs->end(), std::back_inserter(body));
    }
  }

  void add_rules(const Node& node, ast::Body body, std::vector<ast::Term> actions) {
    const ast::Span at = node.span;
    const bool unconditional = body.empty();
    if (unconditional) {
      ast::Expr always;
      always.node = ast::make_bool(true, at);
      always.span = at;
      body.push_back(std::move(always));
    }
    ast::Ref path = module_.package.path;
    path.terms.push_back(ast::make_string("actions", at));
    const Node* name = node.field("name");
    const auto annotation =
        describe_with(node, ast::AnnotationScope::Rule, path, name == nullptr ? "" : name->text);
    for (ast::Term& action : actions) {
      ast::Rule rule;
      rule.span = action.span;
      rule.head.span = action.span;
      rule.head.ref.terms = {ast::make_var("actions", at)};
      rule.head.key = std::move(action);
      rule.head.keywords = {.contains = true, .if_ = !unconditional};
      rule.body = body;
      rule.generated_body = unconditional;
      if (annotation) rule.annotations.push_back(*annotation);
      module_.rules.push_back(std::move(rule));
    }
  }

  /// Title, description and tags as annotations; nothing when there are none. Returns the index.
  std::optional<std::uint32_t> describe_with(const Node& node, ast::AnnotationScope scope,
                                             const ast::Ref& target, const std::string& title) {
    const Node* description = node.field("description");
    const Node* tags = node.field("tags");
    const bool rule = scope == ast::AnnotationScope::Rule;
    if ((!rule || title.empty()) && description == nullptr && tags == nullptr) return {};
    ast::Annotations out;
    out.scope = scope;
    out.scope_written = true;
    out.title = title;
    if (description != nullptr) out.description = description->text;
    if (tags != nullptr) {
      ast::Object custom;
      custom.items.push_back({ast::make_string("tags"), to_term(*tags)});
      out.custom = ast::Term{std::move(custom), tags->span};
    }
    out.span = node.span;
    out.end_row = node.span.row;
    out.target = target;
    module_.annotations.push_back(std::move(out));
    return static_cast<std::uint32_t>(module_.annotations.size() - 1);
  }

  /// The keywords that the rules use, as a hand-written module would import them.
  void add_imports() {
    bool uses_not = false, uses_and = false, uses_or = false;
    for (const ast::Rule& rule : module_.rules) {
      ast::for_each_expr(rule, [&](const ast::Expr& expr) {
        uses_not = uses_not || ast::as<ast::Not>(expr) != nullptr;
        if (const auto* logical = ast::as<ast::Logical>(expr)) {
          (logical->op == ast::LogicalOp::And ? uses_and : uses_or) = true;
        }
        return true;
      });
    }
    const auto import = [&](std::string_view path) {
      module_.imports.push_back({ast::make_operator(path, module_.package.span), "", module_.package.span});
    };
    if (uses_not) import("future.keywords.not");
    if (uses_and) import("future.keywords.and");
    if (uses_or) import("future.keywords.or");
  }

  Reader reader_;
  ast::Module module_;
  bool has_rules_ = false;  ///< what the policy says of all its rules is known
};

}  // namespace

std::optional<ast::Module> read_policy(ast::SourcePtr source, Schemas& schemas, Diagnostics& errors) {
  return PolicyReader(std::move(source), schemas).read(errors);
}

ast::Parsed<ast::Module> parse_policy(ast::SourcePtr source, const Vocabulary& vocabulary) {
  Schemas schemas(vocabulary);
  Diagnostics errors;
  auto module = read_policy(std::move(source), schemas, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return std::move(*module);
}

}  // namespace signalbox::policy::yaml
