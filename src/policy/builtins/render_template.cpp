// strings.render_template: Go's text/template over an object. Parsed templates are kept.
#include <memory>
#include <unordered_map>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/template/execute.h"
#include "policy/builtins/go/template/functions.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using Text = std::string_view;
constexpr std::size_t kMaxTemplates = 64;

struct TemplateCache {
  std::unordered_map<std::string, std::unique_ptr<go::tmpl::Templates>> by_text;
};

std::expected<const go::tmpl::Templates*, std::string> parsed(BuiltinContext& context, Text text) {
  auto& cache = context.kept.of<TemplateCache>().by_text;
  std::string key(text);
  if (auto found = cache.find(key); found != cache.end()) return found->second.get();
  // Parsed where it stays: the tree borrows nothing, but its complaints quote the text.
  auto tree = go::tmpl::parse(key);
  if (!tree) return std::unexpected(tree.error());
  if (cache.size() >= kMaxTemplates) cache.clear();
  auto kept = std::make_unique<go::tmpl::Templates>(std::move(*tree));
  return cache.emplace(std::move(key), std::move(kept)).first->second.get();
}

/// What OPA's way through JSON makes of a value that JSON cannot hold; empty when it can.
std::string not_json(const Value& value) {
  constexpr Text kNoKey = " looking for beginning of object key string";
  if (value.is_set()) {
    if (value.size() == 0) return "invalid character 's' looking for beginning of value";
    return "invalid character '" + to_rego(value.as_set()[0]).substr(0, 1) + "'" + std::string(kNoKey);
  }
  if (value.is_array()) {
    for (const Value& item : value.as_array())
      if (auto wrong = not_json(item); !wrong.empty()) return wrong;
  }
  if (!value.is_object()) return {};
  for (const Pair& pair : value.as_object()) {
    if (!pair.key.is_string())
      return "invalid character '" + to_rego(pair.key).substr(0, 1) + "'" + std::string(kNoKey);
    if (auto wrong = not_json(pair.value); !wrong.empty()) return wrong;
  }
  return {};
}

BuiltinResult render(BuiltinContext& context, Text text, Object data) {
  if (!charge_bytes(context, text.size()) || !charge_value(context, data.value)) return limit_failure();
  if (auto wrong = not_json(data.value); !wrong.empty()) return builtin_failure(wrong);
  auto templates = parsed(context, text);
  if (!templates) return builtin_failure(templates.error());
  auto out = go::tmpl::execute(context, **templates, data.value);
  if (!out)
    return out.error() == go::tmpl::kLimitHit ? BuiltinResult(limit_failure()) : builtin_failure(out.error());
  return owned_string(context, go::replace_all(*out, "<no value>", "<undefined>"));
}

constexpr Builtin kTable[] = {
    declare("strings", "strings.render_template", "(string, object[string: any]) => string", typed<render>),
};

}  // namespace

std::span<const Builtin> render_template() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
