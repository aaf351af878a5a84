// Objects: the tables and other things that DDL names as lists of strings rather than as nodes.
// Surprise: what is on a table (trigger, rule, policy, constraint) is named with the table's name in front of
// its own.
#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

std::string_view object_word(ObjectType type) {
  switch (type) {
    case OBJECT_ACCESS_METHOD: return "access method";
    case OBJECT_AGGREGATE: return "aggregate";
    case OBJECT_ATTRIBUTE: return "type";
    case OBJECT_CAST: return "cast";
    case OBJECT_COLLATION: return "collation";
    case OBJECT_CONVERSION: return "conversion";
    case OBJECT_DATABASE: return "database";
    case OBJECT_DEFACL: return "default privileges";
    case OBJECT_DOMAIN:
    case OBJECT_DOMCONSTRAINT: return "domain";
    case OBJECT_EVENT_TRIGGER: return "event trigger";
    case OBJECT_EXTENSION: return "extension";
    case OBJECT_FDW: return "foreign data wrapper";
    case OBJECT_FOREIGN_SERVER: return "server";
    case OBJECT_FOREIGN_TABLE: return "foreign table";
    case OBJECT_FUNCTION: return "function";
    case OBJECT_INDEX: return "index";
    case OBJECT_LANGUAGE: return "language";
    case OBJECT_LARGEOBJECT: return "large object";
    case OBJECT_MATVIEW: return "materialized view";
    case OBJECT_OPCLASS:
    case OBJECT_AMPROC:
    case OBJECT_AMOP: return "operator class";
    case OBJECT_OPERATOR: return "operator";
    case OBJECT_OPFAMILY: return "operator family";
    case OBJECT_PARAMETER_ACL: return "parameter";
    case OBJECT_POLICY: return "policy";
    case OBJECT_PROCEDURE: return "procedure";
    case OBJECT_PUBLICATION:
    case OBJECT_PUBLICATION_NAMESPACE:
    case OBJECT_PUBLICATION_REL: return "publication";
    case OBJECT_ROLE: return "role";
    case OBJECT_ROUTINE: return "routine";
    case OBJECT_RULE: return "rule";
    case OBJECT_SCHEMA: return "schema";
    case OBJECT_SEQUENCE: return "sequence";
    case OBJECT_SUBSCRIPTION: return "subscription";
    case OBJECT_STATISTIC_EXT: return "statistics";
    case OBJECT_COLUMN:
    case OBJECT_DEFAULT:
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TABLE: return "table";
    case OBJECT_TABLESPACE: return "tablespace";
    case OBJECT_TRANSFORM: return "transform";
    case OBJECT_TRIGGER: return "trigger";
    case OBJECT_TSCONFIGURATION: return "text search configuration";
    case OBJECT_TSDICTIONARY: return "text search dictionary";
    case OBJECT_TSPARSER: return "text search parser";
    case OBJECT_TSTEMPLATE: return "text search template";
    case OBJECT_TYPE: return "type";
    case OBJECT_USER_MAPPING: return "user mapping";
    case OBJECT_VIEW: return "view";
  }
  return "unknown";
}

bool is_table_like(ObjectType type) {
  return type == OBJECT_TABLE || type == OBJECT_VIEW || type == OBJECT_MATVIEW || type == OBJECT_INDEX ||
         type == OBJECT_SEQUENCE || type == OBJECT_FOREIGN_TABLE;
}

/// {"public", "t", "my_trigger"}: the trigger, and its table.
void Walker::object_on_table(std::string_view type, const List* names, std::string_view verb) {
  const int n = size_of(names);
  if (n == 0) return;
  const std::string_view schema = n > 2 ? string_in(nth(names, n - 3)) : std::string_view{};
  out_.object(type, schema, string_in(nth(names, n - 1)));
  if (n > 1) out_.table(schema, string_in(nth(names, n - 2)), Access::Define, verb);
}

void Walker::object(ObjectType type, const Node* object, std::string_view verb) {
  if (object == nullptr) return;
  const std::string_view word = object_word(type);
  switch (nodeTag(object)) {
    case T_String: return out_.object(word, "", string_in(object));
    case T_TypeName: {
      const Name name = name_in(as<TypeName>(object)->names);
      return out_.object(word, name.schema, name.name);
    }
    case T_ObjectWithArgs: {
      const Name name = name_in(as<ObjectWithArgs>(object)->objname);
      return out_.object(word, name.schema, name.name);
    }
    case T_List: break;
    default: return;
  }
  const auto* names = as<List>(object);
  if (size_of(names) == 0) return;
  if (!IsA(nth(names, 0),
           String)) {  // cast: two types; transform: type and language; domain constraint: type and name
    for (const ListCell& cell : Cells(names)) this->object(type, in(cell), verb);
    return;
  }
  switch (type) {
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY: return object_on_table(word, names, verb);
    case OBJECT_TABCONSTRAINT: return object_on_table("constraint", names, verb);
    case OBJECT_COLUMN: {
      const int n = size_of(names);
      if (n < 2) return;
      const std::string_view table = string_in(nth(names, n - 2));
      out_.table(n > 2 ? string_in(nth(names, n - 3)) : "", table, Access::Define, verb);
      return out_.column(table, string_in(nth(names, n - 1)), Access::Define, true);
    }
    default: {
      const Name name = name_in(names);
      if (is_table_like(type)) return out_.table(name.schema, name.name, Access::Define, verb);
      out_.object(word, name.schema, name.name);
    }
  }
}

void Walker::dropped(const DropStmt* drop) {
  for (const ListCell& cell : Cells(drop->objects)) object(drop->removeType, in(cell), "drop");
}

void Walker::renamed(const RenameStmt* rename) {
  const std::string_view table = rename->relation == nullptr ? "" : text_of(rename->relation->relname);
  switch (rename->renameType) {
    case OBJECT_COLUMN: return out_.column(table, text_of(rename->subname), Access::Define, true);
    case OBJECT_ROLE:
    case OBJECT_DATABASE:
    case OBJECT_TABLESPACE:
    case OBJECT_SCHEMA: return out_.object(object_word(rename->renameType), "", text_of(rename->subname));
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY: return out_.object(object_word(rename->renameType), "", text_of(rename->subname));
    case OBJECT_DOMAIN:
    case OBJECT_TYPE:  // under its new name it may stand before another
      out_.object(object_word(rename->renameType), "", text_of(rename->newname));
      return object(rename->renameType, rename->object, "alter");
    default: return object(rename->renameType, rename->object, "alter");
  }
}

void Walker::altered_columns(const AlterTableStmt* alter) {
  const std::string_view table = text_of(alter->relation->relname);
  for (const ListCell& cell : Cells(alter->cmds)) {
    if (!IsA(in(cell), AlterTableCmd)) continue;
    const auto* command = in<AlterTableCmd>(cell);
    switch (command->subtype) {
      case AT_AddColumn:
        if (command->def != nullptr && IsA(command->def, ColumnDef))
          out_.column(table, text_of(as<ColumnDef>(command->def)->colname), Access::Define, true);
        break;
      case AT_ColumnDefault:
      case AT_DropNotNull:
      case AT_SetNotNull:
      case AT_DropExpression:
      case AT_SetStatistics:
      case AT_SetOptions:
      case AT_ResetOptions:
      case AT_SetStorage:
      case AT_SetCompression:
      case AT_DropColumn:
      case AT_AlterColumnType:
      case AT_AlterColumnGenericOptions:
      case AT_AddIdentity:
      case AT_SetIdentity:
      case AT_DropIdentity: out_.column(table, text_of(command->name), Access::Define, true); break;
      default: break;
    }
  }
}

/// OWNED BY table.column: the sequence goes with it.
void Walker::owned_by(const List* options, std::string_view verb) {
  const DefElem* owner = option(options, "owned_by");
  if (owner != nullptr) object(OBJECT_COLUMN, owner->arg, verb);
}

void Walker::granted(const GrantStmt* grant, std::string_view verb) {
  for (const ListCell& cell : Cells(grant->objects)) {
    if (IsA(in(cell), RangeVar)) continue;  // walked as a child
    if (grant->targtype == ACL_TARGET_ALL_IN_SCHEMA) {
      out_.object("schema", "", string_in(in(cell)));
    } else {
      object(grant->objtype, in(cell), verb);
    }
  }
  for (const ListCell& cell : Cells(grant->privileges))
    for (const ListCell& column : Cells(in<AccessPriv>(cell)->cols))
      for (const ListCell& target : Cells(grant->objects))
        if (IsA(in(target), RangeVar) && charge(1))
          out_.column(text_of(in<RangeVar>(target)->relname), string_in(in(column)), Access::Define, true);
}

/// The names of what DDL creates or alters, where they are plain text.
void Walker::objects(const Node* node, std::string_view verb) {
  switch (nodeTag(node)) {
    case T_DropStmt: return dropped(as<DropStmt>(node));
    case T_RenameStmt: return renamed(as<RenameStmt>(node));
    case T_AlterTableStmt: return altered_columns(as<AlterTableStmt>(node));
    case T_GrantStmt: return granted(as<GrantStmt>(node), verb);
    case T_CommentStmt: return object(as<CommentStmt>(node)->objtype, as<CommentStmt>(node)->object, verb);
    case T_SecLabelStmt: return object(as<SecLabelStmt>(node)->objtype, as<SecLabelStmt>(node)->object, verb);
    case T_AlterOwnerStmt:
      return object(as<AlterOwnerStmt>(node)->objectType, as<AlterOwnerStmt>(node)->object, verb);
    case T_AlterObjectSchemaStmt:
      return object(as<AlterObjectSchemaStmt>(node)->objectType, as<AlterObjectSchemaStmt>(node)->object,
                    verb);
    case T_AlterObjectDependsStmt:
      return object(as<AlterObjectDependsStmt>(node)->objectType, as<AlterObjectDependsStmt>(node)->object,
                    verb);
    case T_AlterExtensionContentsStmt: {
      const auto* alter = as<AlterExtensionContentsStmt>(node);
      out_.object("extension", "", text_of(alter->extname));
      return object(static_cast<ObjectType>(alter->objtype), alter->object, verb);
    }
    case T_CreateSeqStmt: return owned_by(as<CreateSeqStmt>(node)->options, verb);
    case T_AlterSeqStmt: return owned_by(as<AlterSeqStmt>(node)->options, verb);
    case T_AlterFunctionStmt:
      return object(as<AlterFunctionStmt>(node)->objtype, as<Node>(as<AlterFunctionStmt>(node)->func), verb);
    case T_DefineStmt: {
      const Name name = name_in(as<DefineStmt>(node)->defnames);
      return out_.object(object_word(as<DefineStmt>(node)->kind), name.schema, name.name);
    }
    default: return created(node);
  }
}

void Walker::created(const Node* node) {
  const auto named = [&](std::string_view type, const char* name) { out_.object(type, "", text_of(name)); };
  const auto listed = [&](std::string_view type, const List* names) {
    const Name name = name_in(names);
    out_.object(type, name.schema, name.name);
  };
  switch (nodeTag(node)) {
    case T_CreateFunctionStmt:
      return listed(as<CreateFunctionStmt>(node)->is_procedure ? "procedure" : "function",
                    as<CreateFunctionStmt>(node)->funcname);
    case T_CreateDomainStmt: return listed("domain", as<CreateDomainStmt>(node)->domainname);
    case T_AlterDomainStmt: return listed("domain", as<AlterDomainStmt>(node)->typeName);
    case T_CreateEnumStmt: return listed("type", as<CreateEnumStmt>(node)->typeName);
    case T_CreateRangeStmt: return listed("type", as<CreateRangeStmt>(node)->typeName);
    case T_AlterEnumStmt: return listed("type", as<AlterEnumStmt>(node)->typeName);
    case T_AlterTypeStmt: return listed("type", as<AlterTypeStmt>(node)->typeName);
    case T_CreateConversionStmt: return listed("conversion", as<CreateConversionStmt>(node)->conversion_name);
    case T_CreateOpClassStmt: return listed("operator class", as<CreateOpClassStmt>(node)->opclassname);
    case T_CreateOpFamilyStmt: return listed("operator family", as<CreateOpFamilyStmt>(node)->opfamilyname);
    case T_AlterOpFamilyStmt: return listed("operator family", as<AlterOpFamilyStmt>(node)->opfamilyname);
    case T_CreateStatsStmt: return listed("statistics", as<CreateStatsStmt>(node)->defnames);
    case T_AlterStatsStmt: return listed("statistics", as<AlterStatsStmt>(node)->defnames);
    case T_AlterCollationStmt: return listed("collation", as<AlterCollationStmt>(node)->collname);
    case T_AlterTSDictionaryStmt:
      return listed("text search dictionary", as<AlterTSDictionaryStmt>(node)->dictname);
    case T_AlterTSConfigurationStmt:
      return listed("text search configuration", as<AlterTSConfigurationStmt>(node)->cfgname);
    case T_CreateSchemaStmt: return named("schema", as<CreateSchemaStmt>(node)->schemaname);
    case T_CreatedbStmt: return named("database", as<CreatedbStmt>(node)->dbname);
    case T_DropdbStmt: return named("database", as<DropdbStmt>(node)->dbname);
    case T_AlterDatabaseStmt: return named("database", as<AlterDatabaseStmt>(node)->dbname);
    case T_AlterDatabaseSetStmt: return named("database", as<AlterDatabaseSetStmt>(node)->dbname);
    case T_AlterDatabaseRefreshCollStmt:
      return named("database", as<AlterDatabaseRefreshCollStmt>(node)->dbname);
    case T_CreateExtensionStmt: return named("extension", as<CreateExtensionStmt>(node)->extname);
    case T_AlterExtensionStmt: return named("extension", as<AlterExtensionStmt>(node)->extname);
    case T_CreateRoleStmt: return named("role", as<CreateRoleStmt>(node)->role);
    case T_CreateTableSpaceStmt: return named("tablespace", as<CreateTableSpaceStmt>(node)->tablespacename);
    case T_DropTableSpaceStmt: return named("tablespace", as<DropTableSpaceStmt>(node)->tablespacename);
    case T_AlterTableSpaceOptionsStmt:
      return named("tablespace", as<AlterTableSpaceOptionsStmt>(node)->tablespacename);
    case T_AlterTableMoveAllStmt:
      return named("tablespace", as<AlterTableMoveAllStmt>(node)->orig_tablespacename);
    case T_CreateFdwStmt: return named("foreign data wrapper", as<CreateFdwStmt>(node)->fdwname);
    case T_AlterFdwStmt: return named("foreign data wrapper", as<AlterFdwStmt>(node)->fdwname);
    case T_CreateForeignServerStmt: return named("server", as<CreateForeignServerStmt>(node)->servername);
    case T_AlterForeignServerStmt: return named("server", as<AlterForeignServerStmt>(node)->servername);
    case T_CreateForeignTableStmt: return named("server", as<CreateForeignTableStmt>(node)->servername);
    case T_CreateUserMappingStmt: return named("server", as<CreateUserMappingStmt>(node)->servername);
    case T_AlterUserMappingStmt: return named("server", as<AlterUserMappingStmt>(node)->servername);
    case T_DropUserMappingStmt: return named("server", as<DropUserMappingStmt>(node)->servername);
    case T_ImportForeignSchemaStmt: return named("server", as<ImportForeignSchemaStmt>(node)->server_name);
    case T_CreatePLangStmt: return named("language", as<CreatePLangStmt>(node)->plname);
    case T_CreateAmStmt: return named("access method", as<CreateAmStmt>(node)->amname);
    case T_CreateTrigStmt: return named("trigger", as<CreateTrigStmt>(node)->trigname);
    case T_CreateEventTrigStmt: return named("event trigger", as<CreateEventTrigStmt>(node)->trigname);
    case T_AlterEventTrigStmt: return named("event trigger", as<AlterEventTrigStmt>(node)->trigname);
    case T_CreatePolicyStmt: return named("policy", as<CreatePolicyStmt>(node)->policy_name);
    case T_AlterPolicyStmt: return named("policy", as<AlterPolicyStmt>(node)->policy_name);
    case T_RuleStmt: return named("rule", as<RuleStmt>(node)->rulename);
    case T_IndexStmt: return named("index", as<IndexStmt>(node)->idxname);
    case T_CreatePublicationStmt: return named("publication", as<CreatePublicationStmt>(node)->pubname);
    case T_AlterPublicationStmt: return named("publication", as<AlterPublicationStmt>(node)->pubname);
    case T_CreateSubscriptionStmt: return named("subscription", as<CreateSubscriptionStmt>(node)->subname);
    case T_AlterSubscriptionStmt: return named("subscription", as<AlterSubscriptionStmt>(node)->subname);
    case T_DropSubscriptionStmt: return named("subscription", as<DropSubscriptionStmt>(node)->subname);
    case T_LoadStmt: return named("library", as<LoadStmt>(node)->filename);
    case T_ReindexStmt:
      if (as<ReindexStmt>(node)->name != nullptr)
        named(as<ReindexStmt>(node)->kind == REINDEX_OBJECT_SCHEMA ? "schema" : "database",
              as<ReindexStmt>(node)->name);
      return;
    case T_GrantRoleStmt:
      for (const ListCell& cell : Cells(as<GrantRoleStmt>(node)->granted_roles))
        if (IsA(in(cell), AccessPriv)) named("role", in<AccessPriv>(cell)->priv_name);
      return;
    default: return;
  }
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
