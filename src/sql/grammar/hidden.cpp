// What the text of a statement does not show of what it does, now or later: code, and objects that it reaches
// without naming them. Surprise: DROP TABLE a CASCADE may drop a view's rules and foreign keys of tables that
// nobody named, and VACUUM alone means every table there is.
#include <algorithm>

#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

bool alters_with_cascade(const AlterTableStmt* alter) {
  return std::ranges::any_of(Cells(alter->cmds), [](const ListCell& cell) {
    return IsA(in(cell), AlterTableCmd) && in<AlterTableCmd>(cell)->behavior == DROP_CASCADE;
  });
}

bool publishes_schemas(const List* objects) {
  return std::ranges::any_of(Cells(objects), [](const ListCell& cell) {
    return IsA(in(cell), PublicationObjSpec) &&
           in<PublicationObjSpec>(cell)->pubobjtype != PUBLICATIONOBJ_TABLE;
  });
}

/// It reaches objects that it does not name: through dependencies, owners, or because it says "all".
bool reaches_unnamed(const Node* node) {
  switch (nodeTag(node)) {
    case T_DropStmt: return as<DropStmt>(node)->behavior == DROP_CASCADE;
    case T_TruncateStmt: return as<TruncateStmt>(node)->behavior == DROP_CASCADE;
    case T_AlterTableStmt: return alters_with_cascade(as<AlterTableStmt>(node));
    case T_AlterDomainStmt: return as<AlterDomainStmt>(node)->behavior == DROP_CASCADE;
    case T_RenameStmt: return as<RenameStmt>(node)->behavior == DROP_CASCADE;
    case T_GrantStmt: return as<GrantStmt>(node)->targtype != ACL_TARGET_OBJECT;
    case T_VacuumStmt: return as<VacuumStmt>(node)->rels == nullptr;
    case T_ClusterStmt: return as<ClusterStmt>(node)->relation == nullptr;
    case T_ReindexStmt: return as<ReindexStmt>(node)->relation == nullptr;
    case T_CreatePublicationStmt:
      return as<CreatePublicationStmt>(node)->for_all_tables ||
             publishes_schemas(as<CreatePublicationStmt>(node)->pubobjects);
    case T_AlterPublicationStmt:
      return as<AlterPublicationStmt>(node)->for_all_tables ||
             publishes_schemas(as<AlterPublicationStmt>(node)->pubobjects);
    case T_DropOwnedStmt:
    case T_ReassignOwnedStmt:
    case T_DropdbStmt:
    case T_AlterDefaultPrivilegesStmt:
    case T_AlterTableMoveAllStmt:
    case T_ImportForeignSchemaStmt: return true;
    default: return false;
  }
}

}  // namespace

void Walker::hidden(const Node* node) {
  if (reaches_unnamed(node)) out_.opaque("unnamed");
  switch (nodeTag(node)) {
    case T_DoStmt: return out_.opaque("do");
    case T_ExecuteStmt:
    case T_FetchStmt: return out_.opaque("execute");  // traced() takes it back where the name is known
    case T_CreateFunctionStmt:
      if (as<CreateFunctionStmt>(node)->sql_body == nullptr) out_.opaque("body");
      return;
    case T_CreateExtensionStmt:
    case T_AlterExtensionStmt:
    case T_LoadStmt: return out_.opaque("body");
    default: return;
  }
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
