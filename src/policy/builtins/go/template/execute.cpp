// text/template's executor: a walk over the tree that writes as it goes. `at_` follows the node at hand,
// since a complaint quotes it and says where it stands; the places where it moves are Go's.
#include "policy/builtins/go/template/execute.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "policy/builtins/go/template/functions.h"
#include "policy/builtins/go/text.h"

namespace signalbox::policy::go::tmpl {
namespace {

using Kind = Datum::Kind;
constexpr int kMaxDepth = 256;

enum class Flow : std::uint8_t { Next, Break, Continue };

/// Unwinds the walk; caught in execute().
struct Failure {
  std::string text;
};

class Executor {
 public:
  Executor(BuiltinContext& context, const Templates& templates) : context_(context), templates_(templates) {}

  std::string run(const Value& data) {
    const auto root = templates_.roots.find(kMainTemplate);
    const Datum dot = Datum::of(data, false);
    variables_ = {{"$", dot}};
    walk(dot, *root->second);
    return std::move(out_);
  }

 private:
  struct Variable {
    std::string_view name;
    Datum value;
  };
  using Operands = std::span<const NodePtr>;

  [[noreturn]] void fail(const std::string& what) {
    const std::string_view before = std::string_view(templates_.text).substr(0, at_->at);
    const auto line_start = before.rfind('\n');
    const std::size_t column =
        line_start == std::string_view::npos ? before.size() : before.size() - line_start - 1;
    const auto line = 1 + std::ranges::count(before, '\n');
    throw Failure{"template: " + std::string(kMainTemplate) + ":" + std::to_string(line) + ":" +
                  std::to_string(column) + ": executing " + quote(name_) + " at <" + at_->source() +
                  ">: " + what};
  }
  void write(std::string_view text) {
    if (!fits(context_, text.size()) || !context_.meter.fits(out_.size()))
      throw Failure{std::string(kLimitHit)};
    out_ += text;
  }

  // Walking.

  Flow walk(const Datum& dot, const Node& node) {
    if (!context_.meter.charge(1)) throw Failure{std::string(kLimitHit)};
    at_ = &node;
    switch (node.kind) {
      case NodeKind::Text: write(node.text); return Flow::Next;
      case NodeKind::Action: {
        const Datum value = pipeline(dot, node.pipe.get());
        if (node.pipe->declared.empty()) print(node, value);
        return Flow::Next;
      }
      case NodeKind::Break: return Flow::Break;
      case NodeKind::Continue: return Flow::Continue;
      case NodeKind::If:
      case NodeKind::With: return walk_branch(dot, node);
      case NodeKind::Range: return walk_range(dot, node);
      case NodeKind::Template: walk_template(dot, node); return Flow::Next;
      case NodeKind::List:
        for (const NodePtr& child : node.children)
          if (const Flow flow = walk(dot, *child); flow != Flow::Next) return flow;
        return Flow::Next;
      default: fail("unknown node: " + node.source());
    }
  }

  Flow walk_branch(const Datum& dot, const Node& node) {
    const std::size_t mark = variables_.size();
    const Datum value = pipeline(dot, node.pipe.get());
    Flow flow = Flow::Next;
    if (value.unboxed().truth()) {
      flow = walk(node.kind == NodeKind::With ? value : dot, *node.list);
    } else if (node.otherwise) {
      flow = walk(dot, *node.otherwise);
    }
    variables_.resize(mark);
    return flow;
  }

  Flow walk_range(const Datum& dot, const Node& node) {
    const std::size_t mark = variables_.size();
    const Datum value = pipeline(dot, node.pipe.get());
    bool empty = false;
    switch (value.kind) {
      case Kind::Int:
      case Kind::Byte:
        if (node.pipe->declared.size() > 1)
          fail("can't use " + std::to_string(value.integer) + " to iterate over more than one variable");
        empty = value.integer <= 0;
        for (std::int64_t i = 0; i < value.integer; ++i)
          if (!iterate(node, {}, Datum::number(i))) break;
        break;
      case Kind::List: {
        empty = value.size() == 0;
        std::int64_t i = 0;
        for (const Value& element : value.value.as_array())
          if (!iterate(node, Datum::number(i++), Datum::of(element, true))) break;
        break;
      }
      case Kind::Map:
        empty = value.size() == 0;
        for (const Pair& pair : value.value.as_object())
          if (!iterate(node, Datum::of(pair.key, false), Datum::of(pair.value, true))) break;
        break;
      case Kind::Invalid: empty = true; break;
      default: {
        std::string text;
        value.print(text);
        fail("range can't iterate over " + text);
      }
    }
    Flow flow = Flow::Next;
    if (empty && node.otherwise) flow = walk(dot, *node.otherwise);
    variables_.resize(mark);
    return flow;
  }

  /// One round of a range; false when it was left by {{break}}.
  bool iterate(const Node& node, const Datum& index, const Datum& element) {
    const auto& declared = node.pipe->declared;
    const std::size_t mark = variables_.size();
    if (node.pipe->flag) {
      if (declared.size() == 1) set(declared[0]->names[0], element);
      if (declared.size() == 2) set(declared[0]->names[0], index), set(declared[1]->names[0], element);
    } else if (!declared.empty()) {
      variables_[mark - 1].value = element;
      if (declared.size() == 2) variables_[mark - 2].value = index;
    }
    const Flow flow = walk(element, *node.list);
    variables_.resize(mark);
    return flow != Flow::Break;
  }

  void walk_template(const Datum& dot, const Node& node) {
    const auto found = templates_.roots.find(node.text);
    if (found == templates_.roots.end()) fail("template " + quote(node.text) + " not defined");
    if (++depth_ > kMaxDepth) throw Failure{std::string(kLimitHit)};
    const Datum inner = pipeline(dot, node.pipe.get());
    const auto variables = std::exchange(variables_, {{"$", inner}});
    const std::string_view name = std::exchange(name_, node.text);
    walk(inner, *found->second);
    variables_ = variables;
    name_ = name;
    --depth_;
  }

  void print(const Node& node, const Datum& value) {
    at_ = &node;
    std::string text;
    // OPA writes what Go calls "<no value>" as it writes undefined.
    if (!value.is_valid())
      text = "<no value>";
    else
      value.print(text);
    write(text);
  }

  // Variables.

  void set(std::string_view name, const Datum& value) {
    for (auto at = variables_.rbegin(); at != variables_.rend(); ++at)
      if (at->name == name) {
        at->value = value;
        return;
      }
    fail("undefined variable: " + std::string(name));
  }
  Datum variable(std::string_view name) {
    for (auto at = variables_.rbegin(); at != variables_.rend(); ++at)
      if (at->name == name) return at->value;
    fail("undefined variable: " + std::string(name));
  }

  // Values.

  Datum pipeline(const Datum& dot, const Node* pipe) {
    if (pipe == nullptr) return {};
    at_ = pipe;
    Datum value = Datum::missing();
    for (const NodePtr& one : pipe->children) value = command(dot, *one, value).unboxed();
    for (const NodePtr& declared : pipe->declared) {
      if (pipe->flag) {
        set(declared->names[0], value);
      } else {
        variables_.push_back({declared->names[0], value});
      }
    }
    return value;
  }

  void not_a_function(Operands operands, const Datum& last) {
    if (operands.size() > 1 || last.kind != Kind::Missing)
      fail("can't give argument to non-function " + operands[0]->source());
  }

  Datum command(const Datum& dot, const Node& command, const Datum& last) {
    const Operands operands = command.children;
    const Node& first = *operands[0];
    switch (first.kind) {
      case NodeKind::Field: at_ = &first; return field_chain(dot, first.names, operands, last);
      case NodeKind::Chain: return chain(dot, first, operands, last);
      case NodeKind::Identifier: return function(dot, first, command, operands.subspan(1), last);
      case NodeKind::Pipe: not_a_function(operands, last); return pipeline(dot, &first);
      case NodeKind::Variable: return variable_chain(first, operands, last);
      default: break;
    }
    at_ = &first;
    not_a_function(operands, last);
    switch (first.kind) {
      case NodeKind::Dot: return dot;
      case NodeKind::Nil: fail("nil is not a command");
      default: return literal(first);
    }
  }

  Datum literal(const Node& node) {
    switch (node.kind) {
      case NodeKind::Bool: return Datum::boolean(node.flag);
      case NodeKind::String: return Datum::string(node.value);
      case NodeKind::Number: return node.real ? Datum::floating(node.number) : Datum::number(node.integer);
      default: fail("can't evaluate command " + quote(node.source()));
    }
  }

  Datum chain(const Datum& dot, const Node& node, Operands operands, const Datum& last) {
    at_ = &node;
    const Node& start = *node.children[0];
    if (start.kind == NodeKind::Nil) fail("indirection through explicit nil in " + node.source());
    return field_chain(value_of(dot, start), node.names, operands, last);
  }

  Datum variable_chain(const Node& node, Operands operands, const Datum& last) {
    at_ = &node;
    const Datum value = variable(node.names[0]);
    if (node.names.size() == 1) {
      if (!operands.empty()) not_a_function(operands, last);
      return value;
    }
    return field_chain(value, std::span(node.names).subspan(1), operands, last);
  }

  Datum field_chain(Datum receiver, std::span<const std::string> names, Operands operands,
                    const Datum& last) {
    for (const std::string& name : names.first(names.size() - 1))
      receiver = field(receiver, name, {}, Datum::missing());
    return field(receiver, names.back(), operands, last);
  }

  Datum field(const Datum& receiver, const std::string& name, Operands operands, const Datum& last) {
    if (!receiver.is_valid()) return {};
    if (receiver.kind == Kind::Nil)
      fail("nil pointer evaluating " + std::string(receiver.static_type_name()) + "." + name);
    if (receiver.kind != Kind::Map)
      fail("can't evaluate field " + name + " in type " + std::string(receiver.static_type_name()));
    if (operands.size() > 1 || last.kind != Kind::Missing) fail(name + " is not a method but has arguments");
    const Value found = receiver.value.at(name);
    return found ? Datum::of(found, true) : Datum();
  }

  /// An operand that is not the first of its command.
  Datum value_of(const Datum& dot, const Node& node) {
    at_ = &node;
    switch (node.kind) {
      case NodeKind::Dot: return dot;
      case NodeKind::Nil: return {};
      case NodeKind::Field: return field_chain(dot, node.names, {}, Datum::missing());
      case NodeKind::Variable: return variable_chain(node, {}, Datum::missing());
      case NodeKind::Pipe: return pipeline(dot, &node);
      case NodeKind::Identifier: return function(dot, node, node, {}, Datum::missing());
      case NodeKind::Chain: return chain(dot, node, {}, Datum::missing());
      default: return literal(node);
    }
  }

  // Functions.

  Datum function(const Datum& dot, const Node& node, const Node& call, Operands operands, const Datum& last) {
    at_ = &node;
    const bool piped = last.kind != Kind::Missing;
    if (node.text == "and" || node.text == "or") return and_or(dot, node.text, operands, last);
    const Function* function = find_function(node.text);
    const std::size_t count = operands.size() + (piped ? 1 : 0);
    const auto least = static_cast<std::size_t>(function == nullptr ? 1 : function->least);
    const bool variadic = function == nullptr || function->variadic;
    check_count(node.text, count, operands.size(), least, variadic);
    std::vector<Datum> args;
    for (const NodePtr& operand : operands) args.push_back(argument(dot, function, args.size(), *operand));
    if (piped) args.push_back(checked(function, args.size(), last));
    if (function == nullptr) call_value(call, operands, args);
    auto answer = function->call(context_, args);
    if (answer) return *answer;
    if (answer.error() == kLimitHit) throw Failure{answer.error()};
    at_ = &call;
    fail("error calling " + node.text + ": " + answer.error());
  }

  void check_count(const std::string& name, std::size_t count, std::size_t written, std::size_t least,
                   bool variadic) {
    const std::string want = "wrong number of args for " + name + ": want ";
    if (variadic && count < least)
      fail(want + "at least " + std::to_string(least) + " got " + std::to_string(written));
    if (!variadic && count != least) fail(want + std::to_string(least) + " got " + std::to_string(count));
  }

  /// Rego's values hold no functions: `call` can only fail.
  [[noreturn]] void call_value(const Node& call, Operands operands, const std::vector<Datum>& args) {
    at_ = &call;
    const Datum value = args[0].unboxed();
    if (!value.is_valid()) fail("error calling call: call of nil");
    const std::string name =
        operands.empty() ? "<" + std::string(value.type_name()) + " Value>" : operands[0]->source();
    fail("error calling call: non-function " + name + " of type " + std::string(value.type_name()));
  }

  Datum argument(const Datum& dot, const Function* function, std::size_t position, const Node& node) {
    const bool wants_text = function != nullptr && function->text_first && position == 0;
    at_ = &node;
    if (wants_text) {
      if (node.kind == NodeKind::Nil) fail("cannot assign nil to string");
      if (node.kind == NodeKind::Bool || node.kind == NodeKind::Number)
        fail("expected string; found " + node.source());
    }
    return checked(function, position, value_of(dot, node));
  }

  /// Go's check of a value against the parameter's type; only printf's first is not free.
  Datum checked(const Function* function, std::size_t position, const Datum& value) {
    if (function == nullptr || !function->text_first || position != 0) return value;
    if (!value.is_valid()) fail("invalid value; expected string");
    if (value.kind != Kind::String)
      fail("wrong type for value; expected string; got " + std::string(value.type_name()));
    return value;
  }

  Datum and_or(const Datum& dot, const std::string& name, Operands operands, const Datum& last) {
    const bool piped = last.kind != Kind::Missing;
    check_count(name, operands.size() + (piped ? 1 : 0), operands.size(), 1, true);
    Datum value;
    for (const NodePtr& operand : operands) {
      value = value_of(dot, *operand);
      if (value.unboxed().truth() == (name == "or")) return value;
    }
    return piped ? last : value;
  }

  BuiltinContext& context_;
  const Templates& templates_;
  std::string out_;
  std::vector<Variable> variables_;
  const Node* at_ = nullptr;
  std::string_view name_ = kMainTemplate;
  int depth_ = 0;
};

}  // namespace

std::expected<std::string, std::string> execute(BuiltinContext& context, const Templates& templates,
                                                const Value& data) {
  try {
    return Executor(context, templates).run(data);
  } catch (const Failure& failure) {
    return std::unexpected(failure.text);
  }
}

}  // namespace signalbox::policy::go::tmpl
