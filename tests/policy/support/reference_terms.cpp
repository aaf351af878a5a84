// Reference, terms: their values, and unification.
#include <algorithm>

#include "policy/compile/document_tree.h"
#include "policy/data/base_document.h"
#include "policy/support/reference.h"
#include "policy/value/builder.h"

namespace signalbox::policy::test {

/// The values of all terms, in every combination.
void Reference::terms(std::span<const ast::Term> list, Path& values, const Then& then) {
  if (list.empty()) return then();
  term(list.front(), [&](Value value) {
    values.push_back(value);
    terms(list.subspan(1), values, then);
    values.pop_back();
  });
}

void Reference::term(const ast::Term& t, const Take& take) {
  step();
  if (const Value value = constant_value(arena_, t)) return take(value);
  if (const auto* var = ast::as<ast::Var>(t)) return take(bound_.at(var->name));
  if (const auto* ref = ast::as<ast::Ref>(t)) return reference(*ref, take);
  if (const auto* nested = ast::as<ast::Call>(t)) {
    Path arguments;
    return terms(std::span(nested->terms).subspan(1), arguments,
                 [&] { call(ast::operator_name(*nested), Path(arguments), take); });
  }
  Path values;
  if (const auto* array = ast::as<ast::Array>(t)) {
    return terms(array->items, values, [&] { take(make_array(arena_, values)); });
  }
  if (const auto* set = ast::as<ast::Set>(t)) {
    return terms(set->items, values, [&] { take(make_set(arena_, values)); });
  }
  if (const auto* object = ast::as<ast::Object>(t)) {
    // Of keys that turn out equal the last stands: constants come first, then variables, then the rest.
    std::vector<ast::ObjectItem> items = object->items;
    std::ranges::stable_sort(items, {}, [](const ast::ObjectItem& item) {
      return ast::is_constant(item.key) ? 0 : ast::as<ast::Var>(item.key) != nullptr ? 1 : 2;
    });
    std::vector<ast::Term> parts;
    for (const ast::ObjectItem& item : items) parts.push_back(item.key), parts.push_back(item.value);
    return terms(parts, values, [&] {
      ObjectBuilder out(arena_);
      for (std::size_t i = 0; i < values.size(); i += 2) out.add(values[i], values[i + 1]);
      take(out.finish());
    });
  }
  comprehension(t, take);
}

void Reference::comprehension(const ast::Term& t, const Take& take) {
  if (const auto* array = ast::as<ast::ArrayComprehension>(t)) {
    ArrayBuilder out(arena_);
    body(array->body, 0, [&] { term(*array->term, [&](Value value) { out.add(value); }); });
    return take(out.finish());
  }
  if (const auto* set = ast::as<ast::SetComprehension>(t)) {
    SetBuilder out(arena_);
    body(set->body, 0, [&] { term(*set->term, [&](Value value) { out.add(value); }); });
    return take(out.finish());
  }
  const auto& object = *ast::as<ast::ObjectComprehension>(t);
  ObjectBuilder out(arena_);
  body(object.body, 0, [&] {
    term(*object.key, [&](Value key) { term(*object.value, [&](Value value) { out.add(key, value); }); });
  });
  const Value made = out.finish();
  if (out.conflict()) fail("eval_conflict_error", "object keys must be unique");
  take(made);
}

void Reference::reference(const ast::Ref& ref, const Take& take) {
  const ast::Term& head = ref.terms.front();
  const auto* var = ast::as<ast::Var>(head);
  const bool local = var == nullptr || bound_.contains(var->name);
  if (!local && var->name == "data") return document({}, base_, ref, 1, take);
  if (!local && var->name == "input") return below(world_->input, ref, 1, take);
  term(head, [&](Value value) { below(value, ref, 1, take); });
}

/// The values of `ref` from its part `at` on, beginning in `value`.
void Reference::below(const Value& value, const ast::Ref& ref, std::size_t at, const Take& take,
                      KeysOf keys) {
  step();
  if (value.is_undefined()) return;
  if (at == ref.terms.size()) return take(value);
  const ast::Term& key = ref.terms[at];
  if (!has_unbound(key)) {
    return term(key, [&](Value known) {
      const bool base = keys == KeysOf::BaseDocument;
      below(base ? base_document_at(value, known) : value.at(known), ref, at + 1, take, keys);
    });
  }
  const auto one = [&](const Value& found, const Value& element) {
    match(key, found, [&] { below(element, ref, at + 1, take, keys); });
  };
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      one(Value::integer(static_cast<std::int64_t>(i)), value.as_array()[i]);
  } else if (value.is_set()) {
    for (const Value& element : value.as_set()) one(element, element);
  } else if (value.is_object()) {
    for (const Pair& pair : value.as_object()) one(pair.key, pair.value);
  }
}

bool Reference::has_unbound(const ast::Term& t) const {
  if (const auto* var = ast::as<ast::Var>(t)) return !bound_.contains(var->name);
  if (const auto* array = ast::as<ast::Array>(t)) {
    return std::ranges::any_of(array->items, [&](const ast::Term& item) { return has_unbound(item); });
  }
  if (const auto* object = ast::as<ast::Object>(t)) {
    return std::ranges::any_of(object->items, [&](const ast::ObjectItem& item) {
      return has_unbound(item.key) || has_unbound(item.value);
    });
  }
  if (const auto* set = ast::as<ast::Set>(t)) {
    return std::ranges::any_of(set->items, [&](const ast::Term& item) { return has_unbound(item); });
  }
  return false;
}

void Reference::match(const ast::Term& pattern, const Value& value, const Then& then) {
  if (!has_unbound(pattern)) {
    return term(pattern, [&](Value known) {
      if (known == value) then();
    });
  }
  if (const auto* var = ast::as<ast::Var>(pattern)) {
    bound_.emplace(var->name, value);
    then();
    bound_.erase(var->name);
    return;
  }
  if (const auto* array = ast::as<ast::Array>(pattern)) {
    if (value.is_array() && value.size() == array->items.size())
      match_items(array->items, value.as_array(), then);
    return;
  }
  if (ast::as<ast::Set>(pattern) != nullptr) return;  // it binds nothing, so it is equal to no set
  const auto& object = *ast::as<ast::Object>(pattern);
  if (std::ranges::any_of(object.items, [&](const auto& item) { return has_unbound(item.key); })) return;
  if (value.is_object() && value.size() == object.items.size()) match_object(object, value, 0, then);
}

void Reference::match_items(std::span<const ast::Term> patterns, std::span<const Value> values,
                            const Then& then) {
  if (patterns.empty()) return then();
  match(patterns.front(), values.front(), [&] { match_items(patterns.subspan(1), values.subspan(1), then); });
}

void Reference::match_object(const ast::Object& pattern, const Value& value, std::size_t at,
                             const Then& then) {
  if (at == pattern.items.size()) return then();
  term(pattern.items[at].key, [&](Value key) {
    if (const Value found = value.at(key)) {
      match(pattern.items[at].value, found, [&] { match_object(pattern, value, at + 1, then); });
    }
  });
}

/// All pairs become equal. A pair of which one side is known is matched at once; two literals of one shape
/// are taken apart; and what is left waits for what the others bind.
void Reference::unify(std::vector<std::pair<const ast::Term*, const ast::Term*>> pairs, const Then& then) {
  if (pairs.empty()) return then();
  const auto known = std::ranges::find_if(
      pairs, [&](const auto& pair) { return !has_unbound(*pair.first) || !has_unbound(*pair.second); });
  if (known != pairs.end()) {
    const auto [a, b] = *known;
    pairs.erase(known);
    const bool first = !has_unbound(*a);
    return term(first ? *a : *b,
                [&](Value value) { match(first ? *b : *a, value, [&] { unify(pairs, then); }); });
  }
  const auto [a, b] = pairs.front();
  pairs.erase(pairs.begin());
  if (const auto *x = ast::as<ast::Array>(*a), *y = ast::as<ast::Array>(*b); x != nullptr && y != nullptr) {
    if (x->items.size() != y->items.size()) return;
    for (std::size_t i = 0; i < x->items.size(); ++i) pairs.emplace_back(&x->items[i], &y->items[i]);
    return unify(pairs, then);
  }
  const auto *x = ast::as<ast::Object>(*a), *y = ast::as<ast::Object>(*b);
  if (x == nullptr || y == nullptr) fail("reference", "two sides that nothing binds");
  if (x->items.size() != y->items.size()) return;
  for (const ast::ObjectItem& item : x->items) {
    const Value key = constant_value(arena_, item.key);
    const auto other = std::ranges::find_if(
        y->items, [&](const ast::ObjectItem& theirs) { return constant_value(arena_, theirs.key) == key; });
    if (other == y->items.end()) return;
    pairs.emplace_back(&item.value, &other->value);
  }
  unify(pairs, then);
}

}  // namespace signalbox::policy::test
