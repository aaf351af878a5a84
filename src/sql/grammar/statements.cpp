// Statements that are not queries: what each does is in its kind; here is what needs more than the walk over
// its children. Surprise: only the few kinds in kHarmless change nothing; every other kind, also one added
// later, is not read-only.
#include <algorithm>
#include <array>
#include <string>

#include "sql/grammar/walker.h"
#include "sql/settings_text.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr auto kHarmless = std::to_array<std::string_view>({
    "begin",
    "close_cursor",
    "close_cursor_all",
    "commit",
    "copy",
    "deallocate",
    "deallocate_all",
    "declare_cursor",
    "explain",
    "fetch",
    "move",
    "prepare",
    "release",
    "rollback",
    "savepoint",
    "select",
    "select_into",
    "show",
    "start_transaction",
});

bool is_harmless(std::string_view kind) {
  return std::ranges::find(kHarmless, kind) != kHarmless.end();
}

std::string_view lock_word(int mode) {
  static constexpr auto kModes = std::to_array<std::string_view>(
      {"none", "access share", "row share", "row exclusive", "share update exclusive", "share",
       "share row exclusive", "exclusive", "access exclusive"});
  return mode >= 0 && static_cast<std::size_t>(mode) < kModes.size() ? kModes[static_cast<std::size_t>(mode)]
                                                                     : "unknown";
}

/// The first word of a kind: "drop" of "drop_table".
std::string_view verb_of(std::string_view kind) {
  return kind.substr(0, kind.find('_'));
}

/// Its modifier says nothing, as in PostgreSQL. Of a type that is not PostgreSQL's own, an array or a set:
/// "?".
std::string_view declared_type(const TypeName* type) {
  const Name name = system_name_in(type->names);
  return name.schema.empty() && type->arrayBounds == nullptr && !type->setof && !type->pct_type ? name.name
                                                                                                : "?";
}

const RangeVar* only_table(const List* relations) {
  return size_of(relations) == 1 && IsA(nth(relations, 0), RangeVar) ? nth<RangeVar>(relations, 0) : nullptr;
}

bool is_off(const Node* value) {
  if (value == nullptr) return false;
  if (IsA(value, Integer)) return as<Integer>(value)->ival == 0;
  if (IsA(value, Boolean)) return !as<Boolean>(value)->boolval;
  std::string word(string_in(value));
  for (char& c : word) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return word == "off" || word == "false" || word == "0";
}

std::string_view effect_of(const Node* node) {
  switch (nodeTag(node)) {
    case T_NotifyStmt:
    case T_ListenStmt:
    case T_UnlistenStmt: return "notify";
    case T_AlterSystemStmt:
    case T_LoadStmt:
    case T_CheckPointStmt:
    case T_CreateExtensionStmt:
    case T_AlterExtensionStmt:
    case T_CreatePLangStmt: return "server";
    case T_CreateSubscriptionStmt:
    case T_AlterSubscriptionStmt:
    case T_CreateForeignServerStmt:
    case T_AlterForeignServerStmt:
    case T_ImportForeignSchemaStmt: return "network";
    case T_LockStmt: return "lock";
    case T_VariableSetStmt: return "setting";
    default: return {};
  }
}

}  // namespace

void Walker::utility(const Node* node, std::string_view kind, const Place& place) {
  out_.kind(kind);
  out_.facts().constants_decide = true;  // options and counts mean what they say
  if (place.executes && !is_harmless(kind)) out_.changes();
  if (const std::string_view effect = effect_of(node); !effect.empty()) out_.effect(effect);
  hidden(node);
  bodies(node, place);
  if (visit_statement(node, kind, place) || visit_session_statement(node, place)) return;
  define(node, kind, place);
}

/// Statements that carry another one, or read and write rows.
bool Walker::visit_statement(const Node* node, std::string_view kind, const Place& place) {
  Place inner = place;
  switch (nodeTag(node)) {
    case T_CopyStmt: copy(as<CopyStmt>(node), place); return true;
    case T_ExplainStmt: explain(as<ExplainStmt>(node), place); return true;
    case T_CreateTableAsStmt: create_table_as(as<CreateTableAsStmt>(node), place); return true;
    case T_LockStmt: lock_table(as<LockStmt>(node)); return true;
    case T_PrepareStmt:
      out_.facts().subject = text_of(as<PrepareStmt>(node)->name);
      for (const ListCell& cell : Cells(as<PrepareStmt>(node)->argtypes)) {
        const std::string_view type = declared_type(in<TypeName>(cell));
        out_.facts().declared.emplace_back(type == "unknown" ? "" : type);
      }
      push(as<PrepareStmt>(node)->argtypes, place);
      carry(as<PrepareStmt>(node)->query, place);
      return true;
    case T_DeclareCursorStmt:
      out_.facts().subject = text_of(as<DeclareCursorStmt>(node)->portalname);
      carry(as<DeclareCursorStmt>(node)->query, place);
      return true;
    case T_ExecuteStmt:
      out_.facts().subject = text_of(as<ExecuteStmt>(node)->name);
      for (const ListCell& cell : Cells(as<ExecuteStmt>(node)->params))
        out_.facts().arguments.push_back(literal_of(in(cell)).value_or(Literal::unknown()));
      push(as<ExecuteStmt>(node)->params, place);
      return true;
    case T_CallStmt: push(as<CallStmt>(node)->funccall, place); return true;
    case T_TruncateStmt:
      inner.access = Access::Write;
      inner.verb = "truncate";
      push(as<TruncateStmt>(node)->relations, inner);
      return true;
    default: static_cast<void>(kind); return false;
  }
}

bool Walker::visit_session_statement(const Node* node, const Place& place) {
  const auto about = [&](const char* name) {
    out_.facts().subject = text_of(name);
    return true;
  };
  switch (nodeTag(node)) {
    case T_TransactionStmt: transaction(as<TransactionStmt>(node)); return true;
    case T_VariableSetStmt: variable_set(as<VariableSetStmt>(node)); return true;
    case T_VariableShowStmt: return about(as<VariableShowStmt>(node)->name);
    case T_FetchStmt: return about(as<FetchStmt>(node)->portalname);
    case T_ClosePortalStmt: return about(as<ClosePortalStmt>(node)->portalname);
    case T_DeallocateStmt: return about(as<DeallocateStmt>(node)->name);
    case T_ListenStmt: return about(as<ListenStmt>(node)->conditionname);
    case T_UnlistenStmt: return about(as<UnlistenStmt>(node)->conditionname);
    case T_NotifyStmt: return about(as<NotifyStmt>(node)->conditionname);
    case T_AlterSystemStmt:
      setting_scope_ = "system";
      variable_set(as<AlterSystemStmt>(node)->setstmt);
      return true;
    case T_AlterRoleSetStmt:
      setting_scope_ = "role";
      if (as<AlterRoleSetStmt>(node)->role != nullptr) role(as<AlterRoleSetStmt>(node)->role);
      if (as<AlterRoleSetStmt>(node)->database != nullptr)
        out_.object("database", "", text_of(as<AlterRoleSetStmt>(node)->database));
      variable_set(as<AlterRoleSetStmt>(node)->setstmt);
      return true;
    case T_AlterDatabaseSetStmt:
      setting_scope_ = "database";
      created(node);
      variable_set(as<AlterDatabaseSetStmt>(node)->setstmt);
      return true;
    default: static_cast<void>(place); return false;
  }
}

/// DDL and the like: tables among the children are defined, names in lists of strings are listed as objects.
void Walker::define(const Node* node, std::string_view kind, const Place& place) {
  const std::string_view verb = verb_of(kind);
  Place inner = place;
  inner.top = false;
  inner.access = Access::Define;
  inner.verb = verb;
  inner.scope = new_scope(place.scope);
  objects(node, verb);
  const RangeVar* table = nullptr;
  switch (nodeTag(node)) {
    case T_CreateStmt:
    case T_CreateForeignTableStmt:
    case T_CreateDomainStmt:
    case T_AlterDomainStmt:
      inner.scope->outputs_only = true;  // its own columns
      break;
    case T_CreateFunctionStmt:
    case T_AlterFunctionStmt: setting_scope_ = "function"; break;
    case T_IndexStmt: table = as<IndexStmt>(node)->relation; break;
    case T_CreateTrigStmt: table = as<CreateTrigStmt>(node)->relation; break;
    case T_CreatePolicyStmt: table = as<CreatePolicyStmt>(node)->table; break;
    case T_AlterPolicyStmt: table = as<AlterPolicyStmt>(node)->table; break;
    case T_AlterTableStmt: table = as<AlterTableStmt>(node)->relation; break;
    case T_RuleStmt: table = as<RuleStmt>(node)->relation; break;
    case T_CreateStatsStmt: table = only_table(as<CreateStatsStmt>(node)->relations); break;
    case T_CompositeTypeStmt:
      out_.object("type", text_of(as<CompositeTypeStmt>(node)->typevar->schemaname),
                  text_of(as<CompositeTypeStmt>(node)->typevar->relname));
      return push(as<CompositeTypeStmt>(node)->coldeflist, inner);
    default: break;
  }
  if (table != nullptr) {
    Relation& target = add_target(table, inner.scope);
    target.read_listed = true;
    Relation row = target;
    row.aliased = row.qualified = true;
    for (const std::string_view alias : {"new", "old"}) {
      row.alias = alias;
      add_relation(inner.scope, row);
    }
  }
  callees(node);
  clause_options(node);
  push_children(node, inner);
}

void Walker::copy(const CopyStmt* copy, const Place& place) {
  const Access access = copy->is_from ? Access::Write : Access::Read;
  if (copy->is_from || copy->filename != nullptr) out_.changes();
  if (copy->is_program) out_.effect("program");
  if (copy->filename != nullptr && !copy->is_program) out_.effect(copy->is_from ? "file_read" : "file_write");
  if (copy->filename != nullptr) out_.facts().subject = text_of(copy->filename);
  carry(copy->query, place);
  if (copy->relation == nullptr) return;
  const std::string_view table = text_of(copy->relation->relname);
  name_table(copy->relation, access, "copy");
  for (const ListCell& cell : Cells(copy->attlist)) out_.column(table, string_in(in(cell)), access, true);
  if (copy->attlist == nullptr) out_.column(table, "*", access, true);
  Place inner = place;
  inner.top = false;
  inner.scope = new_scope(place.scope);
  add_target(copy->relation, inner.scope).read_listed = true;
  push(copy->whereClause, inner);
}

void Walker::explain(const ExplainStmt* explain, const Place& place) {
  const DefElem* analyze = option(explain->options, "analyze");
  Place inner = place;
  inner.executes = place.executes && analyze != nullptr && !is_off(analyze->arg);
  carry(explain->query, inner);
}

void Walker::create_table_as(const CreateTableAsStmt* statement, const Place& place) {
  into(statement->into, place);
  carry(statement->query, place);
}

void Walker::lock_table(const LockStmt* lock) {
  out_.lock(lock_word(lock->mode), lock->nowait ? "nowait" : "block");
  for (const ListCell& cell : Cells(lock->relations)) {
    name_table(in<RangeVar>(cell), Access::Lock, "lock");
  }
}

void Walker::transaction(const TransactionStmt* statement) {
  if (statement->savepoint_name != nullptr) out_.facts().subject = text_of(statement->savepoint_name);
  if (statement->gid != nullptr) out_.facts().subject = text_of(statement->gid);
  for (const ListCell& cell : Cells(statement->options)) {
    const auto* mode = in<DefElem>(cell);
    out_.setting({.name = std::string(text_of(mode->defname)),
                  .value = literal_of(mode->arg).value_or(Literal::unknown()),
                  .scope = "transaction"});
  }
}

void Walker::variable_set(const VariableSetStmt* set) {
  if (set == nullptr) return;
  std::string name(text_of(set->name));
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  if (set->kind == VAR_RESET_ALL) name = "all";
  if (set->kind == VAR_SET_MULTI) {
    const std::string_view prefix = name == "session characteristics" ? "default_" : "";
    for (const ListCell& cell : Cells(set->args)) {
      const bool mode = IsA(in(cell), DefElem);  // SET TRANSACTION SNAPSHOT has a plain constant
      out_.setting(
          {.name = mode ? std::string(prefix) + std::string(text_of(in<DefElem>(cell)->defname))
                        : "transaction_snapshot",
           .value = literal_of(mode ? in<DefElem>(cell)->arg : in(cell)).value_or(Literal::unknown()),
           .scope = prefix.empty() ? "transaction" : "session"});
    }
    return;
  }
  Setting setting{.name = name, .value = Literal::null(), .scope = set->is_local ? "local" : setting_scope_};
  if (out_.facts().kind == "set" || out_.facts().kind == "reset") out_.facts().subject = name;
  if (set->kind == VAR_SET_CURRENT) setting.value = Literal::unknown();
  if (set->kind == VAR_SET_VALUE) setting.value = set_value(set->args, is_identifier_list(name));
  out_.setting(std::move(setting));
}

/// The value as PostgreSQL keeps it: one text, lists joined with ", ".
Literal Walker::set_value(const List* args, bool identifiers) {
  std::string joined;
  for (const ListCell& cell : Cells(args)) {
    const std::optional<Literal> value = literal_of(in(cell));
    if (!value) return Literal::unknown();
    if (value->kind == Literal::Kind::Parameter && size_of(args) == 1) return *value;
    if (!joined.empty()) joined += ", ";
    if (value->kind == Literal::Kind::Integer)
      joined += std::to_string(value->integer);
    else if (value->kind == Literal::Kind::Boolean)
      joined += value->boolean ? "on" : "off";
    else if (identifiers)
      joined += list_element(value->text);
    else
      joined += value->text;
  }
  return Literal::string(std::move(joined));
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
