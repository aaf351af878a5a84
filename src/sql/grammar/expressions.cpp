// Expressions: functions, casts, operators, sub-selects, and constants read as values.
#include <algorithm>
#include <array>
#include <string>

#include "sql/casts.h"
#include "sql/grammar/walker.h"
#include "sql/known.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

std::optional<Literal> constant(const A_Const& node) {
  if (node.isnull) return Literal::null();
  switch (nodeTag(&node.val.node)) {
    case T_Integer: return Literal::of(std::int64_t{node.val.ival.ival});
    case T_Float: return Literal::number(text_of(node.val.fval.fval));
    case T_Boolean: return Literal::of(static_cast<bool>(node.val.boolval.boolval));
    case T_String: return Literal::string(std::string(text_of(node.val.sval.sval)));
    default: return std::nullopt;
  }
}

/// A system type without modifier, which a modifier would cut or round to.
std::string_view plain_type(const TypeName& type) {
  if (type.typmods != nullptr || type.arrayBounds != nullptr || type.setof || type.pct_type) return {};
  const Name name = system_name_in(type.names);
  return name.schema.empty() ? name.name : std::string_view{};
}

}  // namespace

std::optional<Literal> literal_of(const Node* node) {
  std::array<const TypeName*, 4> casts;
  std::size_t depth = 0;
  while (node != nullptr && IsA(node, TypeCast)) {
    if (depth == casts.size()) return std::nullopt;
    casts[depth++] = as<TypeCast>(node)->typeName;
    node = as<TypeCast>(node)->arg;
  }
  if (node == nullptr || (!IsA(node, A_Const) && !IsA(node, ParamRef))) return std::nullopt;
  std::optional<Literal> value;
  if (IsA(node, A_Const) && !(value = constant(*as<A_Const>(node)))) return std::nullopt;
  std::optional<Literal> written = Literal::parameter(value ? 0 : as<ParamRef>(node)->number);
  while (written && depth > 0) written = cast(*std::move(written), plain_type(*casts[--depth]));
  if (!written || !value) return written;
  value = cast_as_written(*std::move(value), *written);
  return value->kind == Literal::Kind::Unknown ? std::nullopt : value;
}

void Walker::function_call(const FuncCall* call, const Place& place) {
  const Name name = system_name_in(call->funcname);
  const bool own = name_in(call->funcname).schema != "pg_catalog" && user_functions(name);
  call_of(name, own, place);
  if (name.name == "set_config") set_config(call, name.schema.empty());
  push(call->args, place);
  push(call->agg_order, place);
  push(call->agg_filter, place);
  push(call->over, place);
}

/// `own`: user_functions() found somebody's function of that name.
void Walker::call_of(const Name& name, bool own, const Place& place) {
  const bool steady = own && !known_function(name.name).known && all_steady_;
  out_.function(name.schema, name.name, place.executes && !steady);
  if (own) out_.opaque("function");
  if (own && !all_steady_ && place.executes) out_.changes();
}

/// Lists the functions of somebody's making that a call could mean: the arguments choose, so one of
/// PostgreSQL's own name may be meant too. False when there is none.
bool Walker::user_functions(const Name& name) {
  if (options_.catalog == nullptr) return false;
  const auto found = options_.catalog->functions(name.schema, name.name, options_.search_path);
  all_steady_ = true;
  for (const FunctionRow* one : found) {
    all_steady_ = all_steady_ && one->volatility != 'v';
    out_.routine({one->schema, one->name, one->volatility, one->security_definer, one->language});
  }
  return !found.empty();
}

/// `own`: it is PostgreSQL's.
void Walker::set_config(const FuncCall* call, bool own) {
  const auto argument = [&](int i) {
    return i < size_of(call->args) ? literal_of(nth(call->args, i)) : std::optional<Literal>{};
  };
  Setting setting;
  const std::optional<Literal> name = argument(0), local = argument(2);
  if (name && name->kind == Literal::Kind::String) setting.name = lower(name->text);
  if (name && name->kind == Literal::Kind::Parameter)
    setting.name_parameter = static_cast<std::int32_t>(name->integer);
  setting.value = argument(1).value_or(Literal::unknown());
  setting.scope = local && local->kind == Literal::Kind::Boolean && local->boolean ? "local" : "session";
  setting.surely = own && call == only_call_ && local && local->kind == Literal::Kind::Boolean;
  out_.facts().constants_decide = true;  // 1::bool
  out_.setting(std::move(setting));
}

void Walker::type_cast(const TypeCast* cast, const Place& place) {
  type_name(cast->typeName);
  if (cast->arg == nullptr || !IsA(cast->arg, ParamRef) || place.variables != nullptr)
    return push(cast->arg, place);
  parameter(as<ParamRef>(cast->arg), cast->typeName);
}

/// `type`: of the cast on it, or null.
void Walker::parameter(const ParamRef* parameter, const TypeName* type) {
  const auto place = static_cast<std::uint32_t>(std::max(parameter->location, 0));
  const auto column = compared_.find(parameter->location);
  std::string text;
  if (type != nullptr) {
    const Name name = system_name_in(type->names);
    text = name.schema.empty() ? std::string(name.name)
                               : std::string(name.schema) + "." + std::string(name.name);
  }
  if (type != nullptr && type->arrayBounds != nullptr) text += "[]";
  out_.parameter({.number = parameter->number,
                  .position = place,
                  .type = std::move(text),
                  .compared_with = std::string(column == compared_.end() ? "" : column->second.column),
                  .compared_type = column == compared_.end() ? 0 : column->second.type});
}

/// With a catalogue, a column that it does not know tells nothing: a temporary table's may have any type.
Compared Walker::compared(const Node* node, const Scope* scope) {
  if (node == nullptr || !IsA(node, ColumnRef)) return {};
  const auto* ref = as<ColumnRef>(node);
  const std::string_view column = string_in(nth(ref->fields, size_of(ref->fields) - 1));
  if (options_.catalog == nullptr) return is_of_tables(ref, scope) ? Compared{column} : Compared{};
  const std::uint32_t type = type_of(ref, scope);
  return type == 0 ? Compared{} : Compared{column, type};
}

/// `other` is one or more values that are compared with it.
void Walker::note_compared(Compared with, const Node* other) {
  if (other == nullptr) return;
  if (IsA(other, ParamRef)) compared_.emplace(as<ParamRef>(other)->location, with);
  if (IsA(other, List))
    for (const ListCell& cell : Cells(as<List>(other)))
      if (IsA(in(cell), ParamRef)) compared_.emplace(in<ParamRef>(cell)->location, with);
}

void Walker::type_name(const TypeName* type) {
  if (type == nullptr || type->names == nullptr) return;
  const Name name = system_name_in(type->names);
  const Catalog* catalog = options_.catalog;
  if (catalog != nullptr && catalog->is_plain_type(name.schema, name.name, options_.search_path)) return;
  out_.type(name.schema, name.name);
}

void Walker::operator_expression(const A_Expr* expression, const Place& place) {
  note_compared(compared(expression->lexpr, place.scope), expression->rexpr);
  note_compared(compared(expression->rexpr, place.scope), expression->lexpr);
  switch (expression->kind) {
    case AEXPR_BETWEEN:
    case AEXPR_NOT_BETWEEN:
    case AEXPR_BETWEEN_SYM:
    case AEXPR_NOT_BETWEEN_SYM: break;
    default: operation(expression->name);
  }
  push(expression->lexpr, place);
  push(expression->rexpr, place);
}

void Walker::sub_link(const SubLink* link, const Place& place) {
  if (link->operName != nullptr) operation(link->operName);
  push(link->testexpr, place);
  Place inner = place;
  inner.top = false;
  push(link->subselect, inner);
}

void Walker::indirection(const A_Indirection* node, const Place& place) {
  for (const ListCell& cell : Cells(node->indirection))
    if (const std::string_view field = string_in(in(cell)); !field.empty())
      field_call(field, options_.catalog == nullptr, place);
  push(node->arg, place);
  push(node->indirection, place);
}

/// (x).f and x.f call f(x) where x has no such field: ('/etc/passwd'::text).pg_read_file reads the file.
/// `unknown`: a name that nobody knows is taken for a function's too.
void Walker::field_call(std::string_view name, bool unknown, const Place& place) {
  const Name function{.schema = {}, .name = name};
  const bool own = user_functions(function);
  if (own || unknown || known_function(name).known) call_of(function, own, place);
}

void Walker::sort_by(const SortBy* sort, const Place& place) {
  if (sort->useOp != nullptr) operation(sort->useOp);
  push(sort->node, place);
}

void Walker::operation(const List* name) {
  const Name operation = system_name_in(name);
  out_.operation(operation.schema, operation.name);
}

void Walker::role(const RoleSpec* role) {
  if (role->roletype == ROLESPEC_CSTRING) out_.object("role", "", text_of(role->rolename));
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
