// Resolving: names that stand for documents become their paths. `bar[_]` under `import data.foo.bar` is
// data.foo.bar[_], a rule's name is data.<package>.<name>. Local variables hide both; a function's arguments
// and declared variables are local.
#include <map>

#include "policy/check/passes.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::check {
namespace {

struct Global {
  ast::Ref path;
  bool used = false;
};
using Globals = std::map<std::string, Global>;

class Resolver {
 public:
  explicit Resolver(Globals& globals) : globals_(globals) {}

  void push(VarSet names) { hidden_.push_back(std::move(names)); }
  void pop() { hidden_.pop_back(); }

  void body(ast::Body& b) {
    for (ast::Expr& e : b) expr(e);
  }

  void term(ast::Term& t) {
    if (const auto* var = ast::as<ast::Var>(t)) {
      if (Global* global = visible(var->name)) t.node = path_at(*global, t.span);
      return;
    }
    std::visit([this](auto& node) { visit(node); }, t.node);
  }

 private:
  Global* visible(const std::string& name) {
    const auto it = globals_.find(name);
    if (it == globals_.end()) return nullptr;
    for (const VarSet& names : hidden_) {
      if (names.contains(name)) return nullptr;
    }
    it->second.used = true;
    return &it->second;
  }

  static ast::Ref path_at(const Global& global, const ast::Span& at) {
    ast::Ref path = global.path;
    for (ast::Term& part : path.terms) part.span = at;
    return path;
  }

  void list(std::vector<ast::Term>& terms) {
    for (ast::Term& t : terms) term(t);
  }

  void visit(ast::Ref& node) {
    const auto* head = ast::as<ast::Var>(node.terms.front());
    Global* global = head == nullptr ? nullptr : visible(head->name);
    if (head == nullptr) term(node.terms.front());
    for (std::size_t i = 1; i < node.terms.size(); ++i) term(node.terms[i]);
    if (global == nullptr) return;
    ast::Ref path = path_at(*global, node.terms.front().span);
    path.terms.insert(path.terms.end(), std::make_move_iterator(node.terms.begin() + 1),
                      std::make_move_iterator(node.terms.end()));
    node = std::move(path);
  }
  void visit(ast::Call& node) { list(node.terms); }
  void visit(ast::Array& node) { list(node.items); }
  void visit(ast::Set& node) { list(node.items); }
  void visit(ast::Object& node) {
    for (ast::ObjectItem& item : node.items) {
      term(item.key);
      term(item.value);
    }
  }
  template <class Comprehension>
    requires requires(Comprehension& c) { c.body; }
  void visit(Comprehension& node) {
    push(declared_vars(node.body));
    if constexpr (requires { node.term; }) {
      term(*node.term);
    } else {
      term(*node.key);
      term(*node.value);
    }
    body(node.body);
    pop();
  }
  void visit(ast::TemplateString& node) {
    for (auto& part : node.parts) {
      if (auto* inner = std::get_if<ast::Box<ast::Expr>>(&part)) expr(**inner);
    }
  }
  template <class Leaf>
    requires(!requires(Leaf& leaf) { leaf.body; })
  void visit(Leaf&) {}

  void expr(ast::Expr& e) {
    std::visit([this](auto& node) { statement(node); }, e.node);
    for (ast::With& with : e.with) {
      term(with.target);
      term(with.value);
    }
  }

  void statement(ast::Term& node) { term(node); }
  void statement(ast::Call& node) { list(node.terms); }
  void statement(ast::SomeDecl& node) {
    if (ast::as<ast::Call>(node.symbols.front()) != nullptr) list(node.symbols);
  }
  void statement(ast::Every& node) {
    VarSet names;
    if (node.key) collect_vars(**node.key, {}, names);
    collect_vars(*node.value, {}, names);
    push(std::move(names));
    term(*node.domain);
    body(node.body);
    pop();
  }
  void statement(ast::Not& node) { body(node.body); }
  void statement(ast::Logical& node) {
    body(node.lhs);
    body(node.rhs);
  }

  Globals& globals_;
  std::vector<VarSet> hidden_;
};

/// Variables of a pattern: object keys, sets, comprehensions and calls cannot bind.
void pattern_vars(const ast::Term& term, VarSet& out) {
  if (const auto* var = ast::as<ast::Var>(term)) {
    out.add(var->name);
  } else if (const auto* object = ast::as<ast::Object>(term)) {
    for (const ast::ObjectItem& item : object->items) pattern_vars(item.value, out);
  } else if (const auto* array = ast::as<ast::Array>(term)) {
    for (const ast::Term& item : array->items) pattern_vars(item, out);
  } else if (const auto* ref = ast::as<ast::Ref>(term)) {
    for (const ast::Term& part : ref->terms) pattern_vars(part, out);
  }
}

bool is_root_document(const ast::Term& term) {
  const auto* ref = ast::as<ast::Ref>(term);
  if (ref == nullptr || ref->terms.size() != 1) return false;
  const auto* head = ast::as<ast::Var>(ref->terms.front());
  return head != nullptr && reserved_vars().contains(head->name);
}

const ast::Term* shadowing_argument(const ast::Term& term) {
  if (is_root_document(term)) return &term;
  if (const auto* array = ast::as<ast::Array>(term)) {
    for (const ast::Term& item : array->items) {
      if (const auto* found = shadowing_argument(item)) return found;
    }
  }
  if (const auto* object = ast::as<ast::Object>(term)) {
    for (const ast::ObjectItem& item : object->items) {
      if (const auto* found = shadowing_argument(item.value)) return found;
    }
  }
  return nullptr;
}

bool is_language_import(const ast::Import& import) {
  const auto* root = ast::as<ast::Var>(ast::as<ast::Ref>(import.path)->terms.front());
  return root->name == "future" || root->name == "rego";
}

void add_imports(const std::vector<ast::Import>& imports, Globals& globals) {
  for (const ast::Import& import : imports) {
    if (!is_language_import(import))
      globals[std::string(import.name())] = {*ast::as<ast::Ref>(import.path), false};
  }
}

void add_rules(const ast::Module& from, const ast::Ref& package, Globals& globals) {
  for (const ast::Rule& rule : from.rules) {
    const auto* name = ast::as<ast::Var>(rule.head.ref.terms.front());
    if (name == nullptr || globals.contains(name->name)) continue;
    Global global{package, false};
    global.path.terms.push_back(ast::make_string(name->name));
    globals.emplace(name->name, std::move(global));
  }
}

void resolve_rule(Context& context, Globals& globals, ast::Rule& rule) {
  Resolver resolver(globals);
  VarSet arguments;
  for (const ast::Term& arg : rule.head.args) {
    if (const auto* shadow = shadowing_argument(arg)) {
      return context.error(
          kCompileError, rule.span,
          fmt::format("args must not shadow {} (use a different variable name)", ast::to_text(*shadow)));
    }
    pattern_vars(arg, arguments);
  }
  resolver.push(std::move(arguments));
  resolver.push(declared_vars(rule.body));
  for (std::size_t i = 1; i < rule.head.ref.terms.size(); ++i) resolver.term(rule.head.ref.terms[i]);
  if (rule.head.key) resolver.term(*rule.head.key);
  if (rule.head.value) resolver.term(*rule.head.value);
  resolver.body(rule.body);
}

}  // namespace

void resolve_refs(Context& context) {
  // Rules of one package may stand in several modules.
  std::map<std::string, std::vector<const ast::Module*>> packages;
  for (const ast::Module& module : context.modules)
    packages[ast::to_text(module.package.path)].push_back(&module);
  std::map<std::string, Globals> exports;
  for (const auto& [name, modules] : packages) {
    for (const ast::Module* module : modules) add_rules(*module, module->package.path, exports[name]);
  }
  for (ast::Module& module : context.modules) {
    context.source = module.source.get();
    Globals globals = exports[ast::to_text(module.package.path)];
    add_imports(module.imports, globals);
    for (ast::Rule& top : module.rules) {
      for (ast::Rule* rule = &top; rule != nullptr; rule = rule->otherwise ? &**rule->otherwise : nullptr) {
        resolve_rule(context, globals, *rule);
      }
    }
    if (!context.options.strict) continue;
    for (const ast::Import& import : module.imports) {
      if (is_language_import(import) || globals.at(std::string(import.name())).used) continue;
      context.error(kCompileError, import.span, ast::to_text(import) + " unused");
    }
  }
}

void resolve_refs_in_query(Context& context, ast::Body& body, const ast::Package* package,
                           const std::vector<ast::Import>& imports) {
  Globals globals;
  if (package != nullptr) {
    const std::string name = ast::to_text(package->path);
    for (const ast::Module& module : context.modules) {
      if (ast::to_text(module.package.path) != name) continue;
      // Checked modules have absolute heads: the rule's name is the part behind the package.
      for (const ast::Rule& rule : module.rules) {
        const ast::Term& part = rule.head.ref.terms[package->path.terms.size()];
        const auto* text = ast::as<ast::String>(part);
        if (text == nullptr) continue;
        Global global{package->path, false};
        global.path.terms.push_back(ast::make_string(text->value));
        globals.emplace(text->value, std::move(global));
      }
    }
  }
  add_imports(imports, globals);
  Resolver resolver(globals);
  resolver.push(declared_vars(body));
  resolver.body(body);
}

}  // namespace signalbox::policy::check
