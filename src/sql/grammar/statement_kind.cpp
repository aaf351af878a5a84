// kind_of: PostgreSQL's command tag of a statement (CreateCommandTag in src/backend/tcop/utility.c), in our
// spelling.
#include "sql/grammar/walker.h"
#include "sql/kinds.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

std::string_view transaction_kind(const TransactionStmt* statement) {
  switch (statement->kind) {
    case TRANS_STMT_BEGIN: return "begin";
    case TRANS_STMT_START: return "start_transaction";
    case TRANS_STMT_COMMIT: return "commit";
    case TRANS_STMT_ROLLBACK:
    case TRANS_STMT_ROLLBACK_TO: return "rollback";
    case TRANS_STMT_SAVEPOINT: return "savepoint";
    case TRANS_STMT_RELEASE: return "release";
    case TRANS_STMT_PREPARE: return "prepare_transaction";
    case TRANS_STMT_COMMIT_PREPARED: return "commit_prepared";
    case TRANS_STMT_ROLLBACK_PREPARED: return "rollback_prepared";
  }
  return "unknown";
}

std::string_view discard_kind(const DiscardStmt* statement) {
  switch (statement->target) {
    case DISCARD_ALL: return "discard_all";
    case DISCARD_PLANS: return "discard_plans";
    case DISCARD_SEQUENCES: return "discard_sequences";
    case DISCARD_TEMP: return "discard_temp";
  }
  return "discard";
}

std::string_view composed(std::string_view verb, ObjectType type) {
  const std::string_view kind = find_kind(verb, object_word(type));
  return kind.empty() ? "unknown" : kind;
}

std::string_view rename_kind(const RenameStmt* rename) {
  const bool of_relation = rename->renameType == OBJECT_COLUMN ||
                           rename->renameType == OBJECT_TABCONSTRAINT ||
                           rename->renameType == OBJECT_ATTRIBUTE;
  return composed("alter", of_relation ? rename->relationType : rename->renameType);
}

std::string_view set_kind(const VariableSetStmt* set) {
  return set->kind == VAR_RESET || set->kind == VAR_RESET_ALL ? "reset" : "set";
}

/// The INTO of a UNION stands in its first branch.
bool makes_table(const SelectStmt* select) {
  while (select->op != SETOP_NONE) select = select->larg;
  return select->intoClause != nullptr;
}

/// Statements whose kind needs a look at a field.
std::string_view detailed_kind(const Node* node) {
  switch (nodeTag(node)) {
    case T_SelectStmt: return makes_table(as<SelectStmt>(node)) ? "select_into" : "select";
    case T_TransactionStmt: return transaction_kind(as<TransactionStmt>(node));
    case T_VariableSetStmt: return set_kind(as<VariableSetStmt>(node));
    case T_DiscardStmt: return discard_kind(as<DiscardStmt>(node));
    case T_DropStmt: return composed("drop", as<DropStmt>(node)->removeType);
    case T_RenameStmt: return rename_kind(as<RenameStmt>(node));
    case T_AlterObjectDependsStmt: return composed("alter", as<AlterObjectDependsStmt>(node)->objectType);
    case T_AlterObjectSchemaStmt: return composed("alter", as<AlterObjectSchemaStmt>(node)->objectType);
    case T_AlterOwnerStmt: return composed("alter", as<AlterOwnerStmt>(node)->objectType);
    case T_AlterTableStmt: return composed("alter", as<AlterTableStmt>(node)->objtype);
    case T_AlterTableMoveAllStmt: return composed("alter", as<AlterTableMoveAllStmt>(node)->objtype);
    case T_AlterFunctionStmt: return composed("alter", as<AlterFunctionStmt>(node)->objtype);
    case T_DefineStmt: return composed("create", as<DefineStmt>(node)->kind);
    case T_CreateTableAsStmt:
      return as<CreateTableAsStmt>(node)->objtype == OBJECT_MATVIEW ? "create_materialized_view"
                                                                    : "create_table_as";
    case T_CreateFunctionStmt:
      return as<CreateFunctionStmt>(node)->is_procedure ? "create_procedure" : "create_function";
    case T_GrantStmt: return as<GrantStmt>(node)->is_grant ? "grant" : "revoke";
    case T_GrantRoleStmt: return as<GrantRoleStmt>(node)->is_grant ? "grant_role" : "revoke_role";
    case T_FetchStmt: return as<FetchStmt>(node)->ismove ? "move" : "fetch";
    case T_ClosePortalStmt:
      return as<ClosePortalStmt>(node)->portalname == nullptr ? "close_cursor_all" : "close_cursor";
    case T_DeallocateStmt: return as<DeallocateStmt>(node)->name == nullptr ? "deallocate_all" : "deallocate";
    case T_VacuumStmt: return as<VacuumStmt>(node)->is_vacuumcmd ? "vacuum" : "analyze";
    default: return {};
  }
}

}  // namespace

std::string_view kind_of(const Node* statement) {
  if (statement == nullptr) return {};
  switch (nodeTag(statement)) {
#define KIND(node, name) \
  case T_##node: return name;
    KIND(InsertStmt, "insert")
    KIND(UpdateStmt, "update")
    KIND(DeleteStmt, "delete")
    KIND(MergeStmt, "merge")
    KIND(AlterCollationStmt, "alter_collation")
    KIND(AlterDatabaseRefreshCollStmt, "alter_database")
    KIND(AlterDatabaseSetStmt, "alter_database")
    KIND(AlterDatabaseStmt, "alter_database")
    KIND(AlterDefaultPrivilegesStmt, "alter_default_privileges")
    KIND(AlterDomainStmt, "alter_domain")
    KIND(AlterEnumStmt, "alter_type")
    KIND(AlterEventTrigStmt, "alter_event_trigger")
    KIND(AlterExtensionContentsStmt, "alter_extension")
    KIND(AlterExtensionStmt, "alter_extension")
    KIND(AlterFdwStmt, "alter_foreign_data_wrapper")
    KIND(AlterForeignServerStmt, "alter_server")
    KIND(AlterOpFamilyStmt, "alter_operator_family")
    KIND(AlterOperatorStmt, "alter_operator")
    KIND(AlterPolicyStmt, "alter_policy")
    KIND(AlterPublicationStmt, "alter_publication")
    KIND(AlterRoleSetStmt, "alter_role")
    KIND(AlterRoleStmt, "alter_role")
    KIND(AlterSeqStmt, "alter_sequence")
    KIND(AlterStatsStmt, "alter_statistics")
    KIND(AlterSubscriptionStmt, "alter_subscription")
    KIND(AlterSystemStmt, "alter_system")
    KIND(AlterTableSpaceOptionsStmt, "alter_tablespace")
    KIND(AlterTSConfigurationStmt, "alter_text_search_configuration")
    KIND(AlterTSDictionaryStmt, "alter_text_search_dictionary")
    KIND(AlterTypeStmt, "alter_type")
    KIND(AlterUserMappingStmt, "alter_user_mapping")
    KIND(CallStmt, "call")
    KIND(CheckPointStmt, "checkpoint")
    KIND(ClusterStmt, "cluster")
    KIND(CommentStmt, "comment")
    KIND(CompositeTypeStmt, "create_type")
    KIND(ConstraintsSetStmt, "set_constraints")
    KIND(CopyStmt, "copy")
    KIND(CreateAmStmt, "create_access_method")
    KIND(CreateCastStmt, "create_cast")
    KIND(CreateConversionStmt, "create_conversion")
    KIND(CreatedbStmt, "create_database")
    KIND(CreateDomainStmt, "create_domain")
    KIND(CreateEnumStmt, "create_type")
    KIND(CreateEventTrigStmt, "create_event_trigger")
    KIND(CreateExtensionStmt, "create_extension")
    KIND(CreateFdwStmt, "create_foreign_data_wrapper")
    KIND(CreateForeignServerStmt, "create_server")
    KIND(CreateForeignTableStmt, "create_foreign_table")
    KIND(CreateOpClassStmt, "create_operator_class")
    KIND(CreateOpFamilyStmt, "create_operator_family")
    KIND(CreatePLangStmt, "create_language")
    KIND(CreatePolicyStmt, "create_policy")
    KIND(CreatePublicationStmt, "create_publication")
    KIND(CreateRangeStmt, "create_type")
    KIND(CreateRoleStmt, "create_role")
    KIND(CreateSchemaStmt, "create_schema")
    KIND(CreateSeqStmt, "create_sequence")
    KIND(CreateStatsStmt, "create_statistics")
    KIND(CreateStmt, "create_table")
    KIND(CreateSubscriptionStmt, "create_subscription")
    KIND(CreateTableSpaceStmt, "create_tablespace")
    KIND(CreateTransformStmt, "create_transform")
    KIND(CreateTrigStmt, "create_trigger")
    KIND(CreateUserMappingStmt, "create_user_mapping")
    KIND(DeclareCursorStmt, "declare_cursor")
    KIND(DoStmt, "do")
    KIND(DropdbStmt, "drop_database")
    KIND(DropOwnedStmt, "drop_owned")
    KIND(DropRoleStmt, "drop_role")
    KIND(DropSubscriptionStmt, "drop_subscription")
    KIND(DropTableSpaceStmt, "drop_tablespace")
    KIND(DropUserMappingStmt, "drop_user_mapping")
    KIND(ExecuteStmt, "execute")
    KIND(ExplainStmt, "explain")
    KIND(ImportForeignSchemaStmt, "import_foreign_schema")
    KIND(IndexStmt, "create_index")
    KIND(ListenStmt, "listen")
    KIND(LoadStmt, "load")
    KIND(LockStmt, "lock_table")
    KIND(NotifyStmt, "notify")
    KIND(PrepareStmt, "prepare")
    KIND(ReassignOwnedStmt, "reassign_owned")
    KIND(RefreshMatViewStmt, "refresh_materialized_view")
    KIND(ReindexStmt, "reindex")
    KIND(RuleStmt, "create_rule")
    KIND(SecLabelStmt, "security_label")
    KIND(TruncateStmt, "truncate_table")
    KIND(UnlistenStmt, "unlisten")
    KIND(VariableShowStmt, "show")
    KIND(ViewStmt, "create_view")
#undef KIND
    default: return detailed_kind(statement);
  }
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
