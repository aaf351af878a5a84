// Planner, terms: constants fold, references walk the document tree as far as it is known, and what is not
// known stays a lazy document that the machine resolves key by key.
#include <algorithm>

#include "policy/compile/planner.h"
#include "policy/data/base_document.h"
#include "policy/syntax/compare.h"

namespace signalbox::policy {

Code::Operand Planner::constant(Value value) {
  const auto [it, added] =
      constant_numbers_.try_emplace(value, static_cast<std::uint32_t>(constants_->size()));
  // 1 and 1.0 are equal but print differently: they are constants of their own.
  if (!added && value.is_number() && !value.same_bits((*constants_)[it->second])) {
    constants_->push_back(value);
    return static_cast<std::uint32_t>(constants_->size() - 1) | kConstantBit;
  }
  if (added) constants_->push_back(value);
  return it->second | kConstantBit;
}

std::uint32_t Planner::slot(InputPath path) {
  const auto known = std::ranges::find(program_.slots, path);
  if (known != program_.slots.end()) return static_cast<std::uint32_t>(known - program_.slots.begin());
  const auto own = std::ranges::find(*slots_, path);
  const auto number = static_cast<std::uint32_t>(own - slots_->begin());
  if (own == slots_->end()) slots_->push_back(std::move(path));
  return slots_before_ + number;
}

/// The items in the order in which they are put into the object, so that of equal keys the last wins: as in
/// OPA constants come before variables and these before everything else, and an item whose constant key is
/// written again is none.
static std::vector<const ast::ObjectItem*> written_order(const ast::Object& object) {
  std::vector<const ast::ObjectItem*> out;
  for (std::size_t i = 0; i < object.items.size(); ++i) {
    const ast::Term& key = object.items[i].key;
    const bool again =
        ast::is_constant(key) &&
        std::any_of(object.items.begin() + static_cast<std::ptrdiff_t>(i) + 1, object.items.end(),
                    [&](const ast::ObjectItem& later) { return ast::compare(key, later.key) == 0; });
    if (!again) out.push_back(&object.items[i]);
  }
  const auto rank = [](const ast::ObjectItem* item) {
    return ast::is_constant(item->key) ? 0 : ast::as<ast::Var>(item->key) != nullptr ? 1 : 2;
  };
  std::ranges::stable_sort(out, {}, rank);
  return out;
}

Code::Operand Planner::plan_term(const ast::Term& term) {
  if (const Value value = constant_value(*memory_, term)) return constant(value);
  if (const auto* var = ast::as<ast::Var>(term)) {
    const auto it = bound_.find(var->name);
    if (it != bound_.end()) return it->second.operand;
    refuse(term.span, "var " + var->name + " is unsafe");
    return constant(Value::null());
  }
  if (const auto* ref = ast::as<ast::Ref>(term)) return plan_ref(*ref);
  if (const auto* call = ast::as<ast::Call>(term)) return plan_call(*call, call->arity());
  if (const auto* array = ast::as<ast::Array>(term)) {
    return plan_collection_term(Opcode::MakeArray, plan_operands(array->items),
                                static_cast<std::uint16_t>(array->items.size()));
  }
  if (const auto* set = ast::as<ast::Set>(term)) {
    return plan_collection_term(Opcode::MakeSet, plan_operands(set->items),
                                static_cast<std::uint16_t>(set->items.size()));
  }
  if (const auto* object = ast::as<ast::Object>(term)) {
    std::vector<const ast::Term*> parts;
    for (const ast::ObjectItem* item : written_order(*object))
      parts.insert(parts.end(), {&item->key, &item->value});
    return plan_collection_term(Opcode::MakeObject, plan_operands(parts),
                                static_cast<std::uint16_t>(parts.size() / 2));
  }
  if (const auto* c = ast::as<ast::ArrayComprehension>(term)) {
    return plan_closure(Opcode::BeginArray, c->body, *c->term, nullptr);
  }
  if (const auto* c = ast::as<ast::SetComprehension>(term)) {
    return plan_closure(Opcode::BeginSet, c->body, *c->term, nullptr);
  }
  if (const auto* c = ast::as<ast::ObjectComprehension>(term)) {
    return plan_closure(Opcode::BeginObject, c->body, *c->key, &*c->value);
  }
  refuse(term.span, "a term that the checker should have rewritten");
  return constant(Value::null());
}

Code::Operand Planner::plan_collection_term(Opcode op, std::vector<Operand> items, std::uint16_t count) {
  if (items.size() > UINT16_MAX) {
    refuse({}, "a literal with variables may have at most 65535 parts");
    return constant(Value::null());
  }
  const Register first = code_->fresh(static_cast<std::uint32_t>(items.size()));
  for (std::size_t i = 0; i < items.size(); ++i) {
    code_->emit(Opcode::Move, first + static_cast<std::uint32_t>(i), items[i]);
  }
  const Register result = code_->fresh();
  code_->emit(op, result, first, 0, count);
  return result;
}

Code::Operand Planner::plan_closure(Opcode begin, const ast::Body& body, const ast::Term& first,
                                    const ast::Term* second) {
  const auto kept = plan_kept_comprehension(begin, body, first, second);
  return kept ? *kept : plan_comprehension(begin, body, first, second);
}

Code::Operand Planner::plan_comprehension(Opcode begin, const ast::Body& body, const ast::Term& first,
                                          const ast::Term* second) {
  const Label outer = code_->fail;
  const Label done = code_->label();
  const Bindings before = bound_;
  const std::uint32_t loops = code_->loops;
  const Register builder = code_->fresh(), result = code_->fresh();
  code_->emit(begin, builder);
  code_->fail = done;
  plan_body(body);
  const Operand item = plan_term(first);
  if (second != nullptr) {
    code_->emit(Opcode::AddPair, builder, item, plan_term(*second));
  } else {
    code_->emit(Opcode::AddElement, builder, item);
  }
  code_->jump(code_->fail);
  code_->bind(done);
  code_->emit(Opcode::Finish, result, builder);
  code_->fail = outer;
  code_->loops = loops;
  bound_ = before;
  return result;
}

Code::Operand Planner::plan_ref(const ast::Ref& ref) {
  const ast::Term& head = ref.terms.front();
  if (const auto* var = ast::as<ast::Var>(head); var != nullptr && !bound_.contains(var->name)) {
    if (var->name == "input") return plan_input_ref(ref);
    if (var->name == "data") return plan_data_ref(ref);
  }
  return plan_steps(plan_term(head), ref, 1);
}

Code::Operand Planner::plan_input_ref(const ast::Ref& ref) {
  InputPath path;
  std::size_t at = 1;
  for (; at < ref.terms.size(); ++at) {
    const auto* key = ast::as<ast::String>(ref.terms[at]);
    if (key == nullptr) break;
    path.push_back(key->value);
  }
  const Register value = code_->fresh();
  code_->emit_or_fail(Opcode::Input, value, slot(std::move(path)));
  return plan_steps(value, ref, at);
}

bool Planner::overridable(const ast::Ref& ref) const {
  return std::ranges::any_of(with_targets_.documents, [&](const std::vector<Value>& target) {
    for (std::size_t i = 0; i < target.size() && i + 1 < ref.terms.size(); ++i) {
      const Value key = constant_value(*memory_, ref.terms[i + 1]);
      if (!key) return true;
      if (!(key == target[i])) return false;
    }
    return true;
  });
}

Code::Operand Planner::plan_data_ref(const ast::Ref& ref) {
  if (overridable(ref)) return plan_lazy_ref(ref, 0, 1);
  std::uint32_t node = 0;
  std::size_t at = 1;
  Value base = program_.nodes[0].base;
  bool in_tree = true;
  for (; at < ref.terms.size(); ++at) {
    const Value key = constant_value(*memory_, ref.terms[at]);
    if (!key) break;
    const auto& children = program_.nodes[node].by_key;
    const auto child = in_tree ? children.find(key) : children.end();
    base = base_document_at(base, key);
    if (in_tree && child != children.end()) {
      node = child->second;
      if (const std::uint32_t rules = program_.nodes[node].rule_set; rules != kNone) {
        const Register value = code_->fresh();
        code_->emit_or_fail(Opcode::Rule, value, rules);
        return plan_steps(value, ref, at + 1);
      }
    } else {
      in_tree = false;
    }
  }
  if (in_tree && has_rules_below(node)) {
    const auto fan = plan_fan(ref, node, at);
    return fan ? *fan : plan_lazy_ref(ref, node, at);
  }
  if (base.is_undefined()) {
    if (in_tree && at == ref.terms.size()) return constant(kEmptyObject);
    code_->jump(code_->fail);
    base = Value::null();
  }
  return plan_steps(constant(base), ref, at, KeysOf::BaseDocument);
}

Code::Operand Planner::plan_lazy_ref(const ast::Ref& ref, std::uint32_t node, std::size_t from) {
  const Register document = code_->fresh();
  code_->emit(Opcode::Tree, document, node);
  const Operand last = plan_steps(document, ref, from);
  const Register value = code_->fresh();
  code_->emit_or_fail(Opcode::Force, value, last);
  return value;
}

Code::Operand Planner::plan_steps(Operand value, const ast::Ref& ref, std::size_t from, KeysOf keys) {
  for (std::size_t i = from; i < ref.terms.size(); ++i) value = plan_step(value, ref.terms[i], keys);
  return value;
}

Code::Operand Planner::plan_step(Operand value, const ast::Term& key, KeysOf keys) {
  if (!has_unbound(key)) {
    const Operand known = plan_term(key);
    const Register element = code_->fresh();
    code_->emit_or_fail(Opcode::Dot, element, value, known, keys == KeysOf::BaseDocument ? 1 : 0);
    return element;
  }
  const Register iterator = code_->fresh(2), found_key = code_->fresh(), element = code_->fresh();
  const Label next = code_->label();
  code_->emit_or_fail(Opcode::ScanBegin, iterator, value);
  code_->bind(next);
  code_->emit_or_fail(Opcode::ScanNext, iterator, found_key, element);
  code_->fail = next;
  ++code_->loops;
  plan_match(key, found_key);
  return element;
}

}  // namespace signalbox::policy
