// Reference, documents: `data` where rules, base documents and `with` meet. A place is its path; what is
// there is looked up among all rules each time.
#include <algorithm>
#include <set>

#include "policy/compile/document_tree.h"
#include "policy/data/base_document.h"
#include "policy/support/reference.h"
#include "policy/value/builder.h"
#include "policy/vm/context.h"

namespace signalbox::policy::test {
namespace {

using Path = std::vector<Value>;

bool begins_with(const Path& path, const Path& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

Path child(const Path& path, const Value& key) {
  Path out = path;
  out.push_back(key);
  return out;
}

/// Both, object by object; `first` wins.
Value merge(Arena& arena, const Value& first, const Value& second) {
  if (!first || !second) return first ? first : second;
  if (!first.is_object() || !second.is_object()) return first;
  ObjectBuilder out(arena);
  for (const Pair& pair : second.as_object()) out.add(pair.key, merge(arena, first.at(pair.key), pair.value));
  for (const Pair& pair : first.as_object()) {
    if (!second.at(pair.key)) out.add(pair.key, pair.value);
  }
  return out.finish();
}

}  // namespace

Reference::Reference(const check::CheckedModules& modules, Value base, std::vector<const Builtin*> own)
    : modules_(modules), base_(base) {
  static Arena names(1 << 16);
  for (const Builtin* function : own) own_.emplace(function->name, function);
  for (const ast::Module& module : modules.modules) {
    Defined package{nullptr, {}, {}};
    for (std::size_t i = 1; i < module.package.path.terms.size(); ++i) {
      package.prefix.push_back(constant_value(names, module.package.path.terms[i]));
    }
    defined_.push_back(package);
    for (const ast::Rule& rule : module.rules) {
      if (rule.head.is_function) functions_[ast::dotted_name(rule.head.ref)].push_back(&rule);
      Defined& place = defined_.emplace_back(Defined{&rule, {}, {}});
      for (std::size_t i = 1; i < rule.head.ref.terms.size(); ++i) {
        const ast::Term& part = rule.head.ref.terms[i];
        const Value key =
            place.rest.empty() && ast::is_constant(part) ? constant_value(names, part) : Value();
        key ? place.prefix.push_back(key) : place.rest.push_back(&part);
      }
    }
  }
}

std::vector<const Reference::Defined*> Reference::defined_at(const Path& path) const {
  std::vector<const Defined*> out;
  for (const Defined& d : defined_) {
    if (d.rule != nullptr && d.prefix == path) out.push_back(&d);
  }
  return out;
}

bool Reference::defined_below(const Path& path) const {
  return std::ranges::any_of(defined_, [&](const Defined& d) {
    const bool function = d.rule != nullptr && d.rule->head.is_function;
    return begins_with(d.prefix, path) && (!function || d.prefix.size() > path.size());
  });
}

bool Reference::overridden_below(const Path& path) const {
  return std::ranges::any_of(world_->data, [&](const DataOverride& o) {
    return o.path.size() > path.size() && begins_with(o.path, path);
  });
}

/// `with` replaced exactly this place.
bool Reference::overridden(const Path& path, Value& value) {
  bool found = false;
  for (const DataOverride& o : world_->data) {
    if (o.path == path)
      value = o.value, found = true;
    else if (found && begins_with(o.path, path))
      value = merge_at(arena_, value, std::span(o.path).subspan(path.size()), o.value);
  }
  return found;
}

Value Reference::with_overrides_below(const Path& path, Value value) {
  for (const DataOverride& o : world_->data) {
    if (o.path.size() > path.size() && begins_with(o.path, path))
      value = merge_at(arena_, value, std::span(o.path).subspan(path.size()), o.value);
  }
  return value;
}

Reference::Path Reference::keys_of(const Path& path, const Value& base) {
  std::set<Value> keys;
  if (base.is_object()) {
    for (const Pair& pair : base.as_object()) keys.insert(pair.key);
  }
  for (const Defined& d : defined_) {
    if (d.prefix.size() > path.size() && begins_with(d.prefix, path)) keys.insert(d.prefix[path.size()]);
  }
  for (const DataOverride& o : world_->data) {
    if (o.path.size() > path.size() && begins_with(o.path, path)) keys.insert(o.path[path.size()]);
  }
  return {keys.begin(), keys.end()};
}

/// The values of `ref` from its part `at` on, beginning at a place of `data`.
void Reference::document(const Path& path, const Value& base, const ast::Ref& ref, std::size_t at,
                         const Take& take) {
  step();
  Value here;
  if (overridden(path, here)) return below(here, ref, at, take);
  const auto rules = defined_at(path);
  if (!rules.empty() && !rules.front()->rule->head.is_function) {
    return below(with_overrides_below(path, rules_document(path)), ref, at, take);
  }
  if (!defined_below(path) && !overridden_below(path))
    return below(base, ref, at, take, KeysOf::BaseDocument);
  if (at == ref.terms.size()) {
    if (const Value value = whole(path, base)) take(value);
    return;
  }
  const ast::Term& key = ref.terms[at];
  const auto descend = [&](const Value& known) {
    document(child(path, known), base_document_at(base, known), ref, at + 1, take);
  };
  if (!has_unbound(key)) return term(key, descend);
  for (const Value& found : keys_of(path, base)) match(key, found, [&] { descend(found); });
}

/// The objects that the rules' paths make below a place, without what the rules give. Undefined where a rule
/// or nothing is.
Value Reference::frame(const Path& path) {
  if (!defined_below(path) || !defined_at(path).empty()) return {};
  ObjectBuilder out(arena_);
  std::set<Value> keys;
  for (const Defined& d : defined_)
    if (d.prefix.size() > path.size() && begins_with(d.prefix, path)) keys.insert(d.prefix[path.size()]);
  for (const Value& key : keys)
    if (const Value below_it = frame(child(path, key))) out.add(key, below_it);
  return out.finish();
}

/// Everything below a place where packages and rules lie: the base document's values stand where both give
/// one.
Value Reference::whole(const Path& path, const Value& base) {
  Value here;
  if (overridden(path, here)) return merge(arena_, here, frame(path));
  const auto rules = defined_at(path);
  if (!rules.empty() && !rules.front()->rule->head.is_function) {
    return with_overrides_below(path, rules_document(path));
  }
  if (!defined_below(path) && !overridden_below(path)) return base;
  ObjectBuilder out(arena_);
  for (const Value& key : keys_of(path, base)) {
    const Value below_it = whole(child(path, key), base.at(key));
    const Value value = overridden_below(path) ? below_it : merge(arena_, base.at(key), below_it);
    if (value) out.add(key, value);
  }
  return out.finish();
}

/// What the rules at a place define; undefined when none holds.
Value Reference::rules_document(const Path& path) {
  const std::string key = to_rego(Value::array(path));
  if (const auto it = world_->documents.find(key); it != world_->documents.end()) return it->second;
  World* const world = world_;
  const auto rules = defined_at(path);
  const bool open = std::ranges::any_of(rules, [](const Defined* d) {
    return !d->rule->is_default && (!d->rest.empty() || d->rule->kind() == ast::RuleKind::MultiValue);
  });
  const Value value = open ? partial(path) : complete(rules);
  world->documents.emplace(key, value);
  return value;
}

Value Reference::complete(const std::vector<const Defined*>& rules) {
  Value out, otherwise;
  for (const Defined* d : rules) {
    const Value value = rule_value(*d->rule, nullptr);
    if (d->rule->is_default) {
      otherwise = value;
    } else if (value) {
      if (out && !(out == value))
        fail("eval_conflict_error", "complete rules must not produce multiple outputs");
      if (!out) out = value;
    }
  }
  return out ? out : otherwise;
}

/// Sets and objects, and rules at any depth below them.
Value Reference::partial(const Path& path) {
  const InRule in_rule(*this);
  std::vector<Entry> entries;
  bool only_members = true;
  for (const Defined& d : defined_) {
    if (d.rule == nullptr || d.rule->is_default || !begins_with(d.prefix, path)) continue;
    const ast::RuleHead& head = d.rule->head;
    const bool member = d.rule->kind() == ast::RuleKind::MultiValue;
    const Path before(d.prefix.begin() + static_cast<std::ptrdiff_t>(path.size()), d.prefix.end());
    only_members = only_members && member && before.empty() && d.rest.empty();
    Bindings outside;
    outside.swap(bound_);
    std::vector<ast::Term> rest;
    for (const ast::Term* part : d.rest) rest.push_back(*part);
    body(d.rule->body, 0, [&] {
      Path keys = before;
      terms(rest, keys, [&] {
        const auto add = [&](Value value) { entries.push_back({keys, value, member}); };
        if (const auto& value = member ? head.key : head.value) {
          term(*value, add);
        } else {
          add(kTrue);
        }
      });
    });
    bound_.swap(outside);
  }
  if (entries.empty()) return only_members ? kEmptySet : kEmptyObject;
  return fold(entries, 0);
}

Value Reference::fold(const std::vector<Entry>& entries, std::size_t depth) {
  const auto conflict = [&] { fail("eval_conflict_error", "object keys must be unique"); };
  const Entry& first = entries.front();
  if (std::ranges::any_of(entries, [&](const Entry& e) { return e.keys.size() == depth; })) {
    SetBuilder members(arena_);
    for (const Entry& e : entries) {
      if (e.keys.size() != depth || e.member != first.member) conflict();
      if (!e.member && !(e.value == first.value)) conflict();
      members.add(e.value);
    }
    return first.member ? members.finish() : first.value;
  }
  std::map<Value, std::vector<Entry>> by_key;
  for (const Entry& e : entries) by_key[e.keys[depth]].push_back(e);
  ObjectBuilder out(arena_);
  for (const auto& [key, below_it] : by_key) out.add(key, fold(below_it, depth + 1));
  return out.finish();
}

}  // namespace signalbox::policy::test
