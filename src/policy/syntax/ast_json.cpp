// The tree as JSON. Each node writes itself into one string; the members stand in the order in which OPA's
// marshallers put them, which is alphabetical for nodes that OPA builds as maps and declaration order for
// the others.
//
// The surprise: OPA's heads carry `name` and `key` beside `ref` for the sake of older readers, and which of
// them are there depends on how the rule was written. HeadNames says it in one place.
#include "policy/syntax/ast_json.h"

#include "policy/builtins/go/codec.h"
#include "policy/syntax/annotation_term.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/head_names.h"
#include "policy/syntax/print.h"
#include "policy/value/json.h"

namespace signalbox::policy::ast {
namespace {

std::string_view type_name(const Term& term) {
  struct Name {
    std::string_view operator()(const Null&) { return "null"; }
    std::string_view operator()(const Boolean&) { return "boolean"; }
    std::string_view operator()(const Number&) { return "number"; }
    std::string_view operator()(const String&) { return "string"; }
    std::string_view operator()(const Var&) { return "var"; }
    std::string_view operator()(const Ref&) { return "ref"; }
    std::string_view operator()(const Array&) { return "array"; }
    std::string_view operator()(const Object&) { return "object"; }
    std::string_view operator()(const Set&) { return "set"; }
    std::string_view operator()(const ArrayComprehension&) { return "arraycomprehension"; }
    std::string_view operator()(const SetComprehension&) { return "setcomprehension"; }
    std::string_view operator()(const ObjectComprehension&) { return "objectcomprehension"; }
    std::string_view operator()(const Call&) { return "call"; }
    std::string_view operator()(const TemplateString&) { return "templatestring"; }
  };
  return std::visit(Name{}, term.node);
}

/// The text that OPA gives as a default rule's place.
constexpr std::string_view kDefault = "default";

class Writer {
 public:
  Writer(const Source& source, const AstJsonOptions& options) : source_(&source), options_(options) {}

  std::string take() { return std::move(out_); }

  void module(const Module& module) {
    open('{');
    key("package");
    package(module.package);
    if (!module.imports.empty()) {
      key("imports");
      list(module.imports, [&](const Import& import) { this->import(import); });
    }
    if (!module.annotations.empty()) {
      key("annotations");
      list(module.annotations, [&](const Annotations& one) { annotations(one); });
    }
    if (!module.rules.empty()) {
      key("rules");
      list(module.rules, [&](const Rule& one) { rule(one, module, names_of(one)); });
    }
    if (options_.comments && !module.comments.empty()) {
      key("comments");
      list(module.comments, [&](const Comment& one) { comment(one, module); });
    }
    close('}');
  }

  void body(const Body& body) {
    std::size_t index = 0;
    list(body, [&](const Expr& one) { expr(one, index++); });
  }

  void term(const Term& term) {
    open('{');
    location(term.span);
    key("type");
    text(type_name(term));
    key("value");
    std::visit([&](const auto& node) { value(node); }, term.node);
    close('}');
  }

 private:
  void open(char bracket) {
    out_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    fresh_ = false;
  }
  void separate() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  void null() { out_ += "null"; }
  void key(std::string_view name) {
    separate();
    text(name);
    out_ += ':';
  }
  void text(std::string_view text) { append_json(out_, Value::string(text), EscapeHtml::Yes); }
  void flag(std::string_view name, bool on) {
    if (!on) return;
    key(name);
    out_ += "true";
  }

  template <class T, class F>
  void list(const T& items, F&& write) {
    open('[');
    for (const auto& item : items) {
      separate();
      write(item);
    }
    close(']');
  }
  void terms(const std::vector<Term>& items) {
    list(items, [&](const Term& item) { term(item); });
  }

  void place(const Span& span, bool with_text) {
    open('{');
    key("file");
    text(source_->name);
    key("row");
    out_ += std::to_string(span.row);
    key("col");
    out_ += std::to_string(span.col);
    const auto covered = span.text(*source_);
    if (with_text && !covered.empty()) {
      key("text");
      text(go::base64_encode(covered));
    }
    close('}');
  }
  void location(const Span& span) {
    if (!options_.locations || !span.known()) return;
    key("location");
    place(span, true);
  }

  // Values of terms.

  void value(const Null&) { out_ += "{}"; }  // OPA's null has no fields
  void value(const Boolean& node) { out_ += node.value ? "true" : "false"; }
  void value(const Number& node) { out_ += node.text; }
  void value(const String& node) { text(node.value); }
  void value(const Var& node) { text(node.name); }
  void value(const Ref& node) { terms(node.terms); }
  void value(const Array& node) { terms(node.items); }
  void value(const Call& node) { terms(node.terms); }
  void value(const Set& node) {
    list(sorted_members(node), [&](const Term* member) { term(*member); });
  }
  void value(const Object& node) {
    list(sorted_items(node), [&](const ObjectItem* item) {
      open('[');
      separate();
      term(item->key);
      separate();
      term(item->value);
      close(']');
    });
  }
  template <class T>
    requires(std::is_same_v<T, ArrayComprehension> || std::is_same_v<T, SetComprehension>)
  void value(const T& node) {
    open('{');
    key("term");
    term(*node.term);
    key("body");
    body(node.body);
    close('}');
  }
  void value(const ObjectComprehension& node) {
    open('{');
    key("key");
    term(*node.key);
    key("value");
    term(*node.value);
    key("body");
    body(node.body);
    close('}');
  }
  void value(const TemplateString& node) {
    open('{');
    key("parts");
    const auto write = [&](const auto& part) {
      if (const auto* one = std::get_if<Box<Term>>(&part)) return term(**one);
      expr(*std::get<Box<Expr>>(part), 0);
    };
    node.parts.empty() ? null() : list(node.parts, write);
    key("multi_line");
    out_ += node.raw ? "true" : "false";
    close('}');
  }

  // Expressions.

  void expr(const Expr& expr, std::size_t index) {
    open('{');
    flag("generated", expr.generated);
    key("index");
    out_ += std::to_string(index);
    location(expr.span);
    flag("negated", expr.negated);
    key("terms");
    std::visit([&](const auto& node) { expr_terms(node); }, expr.node);
    if (!expr.with.empty()) {
      key("with");
      list(expr.with, [&](const With& one) { with(one); });
    }
    close('}');
  }
  void expr_terms(const Term& node) { term(node); }
  void expr_terms(const Call& node) { terms(node.terms); }
  void expr_terms(const SomeDecl& node) {
    open('{');
    location(node.span);
    key("symbols");
    terms(node.symbols);
    close('}');
  }
  void expr_terms(const Every& node) {
    open('{');
    key("body");
    body(node.body);
    key("domain");
    term(*node.domain);
    key("key");
    node.key ? term(**node.key) : null();
    location(node.span);
    key("value");
    term(*node.value);
    close('}');
  }
  void expr_terms(const Not& node) {
    open('{');
    key("body");
    body(node.body);
    key("explicit_body");
    out_ += node.explicit_body ? "true" : "false";
    key("type");
    text("not");
    close('}');
  }
  void expr_terms(const Logical& node) {
    open('{');
    flag("explicit_lhs", node.explicit_lhs);
    flag("explicit_rhs", node.explicit_rhs);
    key("lhs");
    body(node.lhs);
    key("rhs");
    body(node.rhs);
    key("type");
    text(node.op == LogicalOp::And ? "and" : "or");
    close('}');
  }
  void with(const With& with) {
    open('{');
    location(with.span);
    key("target");
    term(with.target);
    key("value");
    term(with.value);
    close('}');
  }

  // Statements.

  void package(const Package& package) {
    open('{');
    location(package.span);
    key("path");
    terms(package.path.terms);
    close('}');
  }
  void import(const Import& import) {
    open('{');
    if (!import.alias.empty()) {
      key("alias");
      text(import.alias);
    }
    location(import.span);
    key("path");
    term(import.path);
    close('}');
  }
  /// The first line of a metadata block has the place of the whole block.
  void comment(const Comment& comment, const Module& module) {
    open('{');
    key("Text");
    text(go::base64_encode(comment.text));
    key("Location");
    Span span = comment.span;
    for (const Annotations& block : module.annotations)
      if (block.span.offset == span.offset) span = block.span;
    place(span, options_.locations);
    close('}');
  }
  /// `names` are the first rule's: an `else` repeats the head it belongs to.
  void rule(const Rule& rule, const Module& module, const HeadNames& names) {
    open('{');
    if (!rule.annotations.empty()) {
      key("annotations");
      list(rule.annotations, [&](std::uint32_t i) { annotations(module.annotations[i]); });
    }
    key("body");
    body(rule.body);
    flag("default", rule.is_default);
    if (rule.otherwise) {
      key("else");
      this->rule(**rule.otherwise, module, names);
    }
    key("head");
    head(rule, names);
    Span span = rule.span;
    if (rule.is_default) span.end = span.begin + static_cast<std::uint32_t>(kDefault.size());
    location(span);
    close('}');
  }
  void head(const Rule& rule, const HeadNames& names) {
    const RuleHead& head = rule.head;
    open('{');
    if (names.name != nullptr) {
      key("name");
      text(*names.name);
    }
    if (!head.args.empty()) {
      key("args");
      terms(head.args);
    }
    if (names.key != nullptr) {
      key("key");
      term(*names.key);
    }
    if (head.value) {
      key("value");
      has_place(rule) ? term(*head.value) : placeless(*head.value);
    }
    flag("assign", head.assign);
    key("ref");
    terms(head.ref.terms);
    location(head.span);
    close('}');
  }

  /// The `true` that stands for a value nobody wrote has no place, unless the rule is `p[x] if ..` or has no
  /// body.
  static bool has_place(const Rule& rule) {
    const RuleHead& head = rule.head;
    return !head.generated_value || rule.generated_body || (head.ref.terms.size() == 2 && !head.is_function);
  }

  // Annotations.

  void annotations(const Annotations& node) {
    open('{');
    if (!node.authors.empty()) {
      key("authors");
      list(node.authors, [&](const Author& author) {
        open('{');
        key("name");
        text(author.name);
        if (!author.email.empty()) field("email", author.email);
        close('}');
      });
    }
    if (node.compile) compile(*node.compile);
    if (node.custom) free_form("custom", *node.custom);
    if (!node.description.empty()) field("description", node.description);
    flag("entrypoint", node.entrypoint);
    if (node.labels) free_form("labels", *node.labels);
    location(node.span);
    if (!node.organizations.empty()) {
      key("organizations");
      list(node.organizations, [&](const std::string& name) { text(name); });
    }
    if (!node.related_resources.empty()) {
      key("related_resources");
      list(node.related_resources, [&](const RelatedResource& resource) {
        open('{');
        if (!resource.description.empty()) field("description", resource.description);
        field("ref", resource.ref);
        close('}');
      });
    }
    if (!node.schemas.empty()) {
      key("schemas");
      list(node.schemas, [&](const SchemaAnnotation& schema) { this->schema(schema); });
    }
    field("scope", scope_name(node.scope));
    if (!node.title.empty()) field("title", node.title);
    close('}');
  }
  void field(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void schema(const SchemaAnnotation& schema) {
    open('{');
    key("path");
    list(schema.path.terms, [&](const Term& part) { placeless(part); });
    if (schema.schema) {
      key("schema");
      terms_of_text(*schema.schema);
    }
    if (schema.definition) {
      key("definition");
      plain(*schema.definition);
    }
    close('}');
  }
  /// A reference that was a text of its own.
  void terms_of_text(const Ref& ref) {
    const Source text{"", to_text(ref)};
    const Source* outer = std::exchange(source_, &text);
    terms(ref.terms);
    source_ = outer;
  }

  void compile(const CompileAnnotation& compile) {
    key("compile");
    open('{');
    if (!compile.unknowns.empty()) {
      key("unknowns");
      list(compile.unknowns, [&](const Ref& ref) { terms_of_text(ref); });
    }
    if (compile.mask_rule) {
      key("mask_rule");
      terms_of_text(*compile.mask_rule);
    }
    close('}');
  }
  void free_form(std::string_view name, const Term& value) {
    const auto* object = as<Object>(value);
    if (object == nullptr || object->items.empty()) return;
    key(name);
    plain(value);
  }
  /// Without the place; for what was read from an annotation, where it says nothing.
  void placeless(const Term& part) {
    Term without = part;
    without.span = {};
    term(without);
  }
  /// A ground term as the JSON it stands for.
  void plain(const Term& term) {
    if (const auto* object = as<Object>(term)) {
      open('{');
      for (const ObjectItem* item : sorted_items(*object)) {
        const auto* name = as<String>(item->key);
        key(name == nullptr ? std::string_view() : std::string_view(name->value));
        plain(item->value);
      }
      close('}');
    } else if (const auto* array = as<Array>(term)) {
      list(array->items, [&](const Term& item) { plain(item); });
    } else if (as<Null>(term) != nullptr) {
      out_ += "null";  // as a term its value is {}
    } else {
      std::visit(
          [&]<class T>(const T& node) {
            if constexpr (requires { this->value(node); }) this->value(node);
          },
          term.node);
    }
  }

  const Source* source_;
  const AstJsonOptions& options_;
  std::string out_;
  bool fresh_ = true;
};

}  // namespace

std::string to_ast_json(const Module& module, const AstJsonOptions& options) {
  Writer writer(*module.source, options);
  writer.module(module);
  return writer.take();
}

std::string to_ast_json(const Body& body, const Source& source, const AstJsonOptions& options) {
  Writer writer(source, options);
  writer.body(body);
  return writer.take();
}

std::string to_ast_json(const Term& term, const Source& source, const AstJsonOptions& options) {
  Writer writer(source, options);
  writer.term(term);
  return writer.take();
}

}  // namespace signalbox::policy::ast
