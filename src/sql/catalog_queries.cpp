// The questions to pg_catalog, for servers from 12 on. Every name in them is qualified, and functions of
// other schemas are never called: the session that asks has rights.
#include "sql/catalog.h"

namespace signalbox::sql {

const CatalogQueries kCatalogQueries = {
    .path =
        R"(SELECT CASE WHEN source IN ('default', 'configuration file', 'command line', 'environment variable')
  THEN setting ELSE '' END FROM pg_catalog.pg_settings WHERE name = 'search_path')",
    .relations = R"(SELECT n.nspname, c.relname, c.relkind,
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) ELSE '' END,
  EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D')
  OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1' AND r.ev_enabled <> 'D')
  OR EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef a ON a.oid = d.objid
             WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.adrelid = c.oid
               AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
  OR EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_constraint k ON k.oid = d.objid
             WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.conrelid = c.oid
               AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_(toast|temp)')",
    .columns = R"(SELECT n.nspname, c.relname, a.attname,
  CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_(toast|temp)'
  AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.oid, a.attnum)",
    .links = R"(SELECT pn.nspname, p.relname, cn.nspname, c.relname, l.inherits
FROM (SELECT inhparent AS parent, inhrelid AS child, true AS inherits FROM pg_catalog.pg_inherits
      UNION SELECT confrelid, conrelid, false FROM pg_catalog.pg_constraint
      WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))) l
JOIN pg_catalog.pg_class p ON p.oid = l.parent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_class c ON c.oid = l.child JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
WHERE p.relkind IN ('r', 'p', 'f'))",
    .functions = R"(SELECT n.nspname, p.proname, p.provolatile, p.prosecdef, l.lanname
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_temp')",
    .types = R"(SELECT n.nspname, t.typname, t.typtype
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_(toast|temp)')",
    // Who logs in under another role has another "$user": the path is '"', which is none.
    .paths = R"(SELECT coalesce(r.rolname, ''),
  CASE WHEN o.option LIKE 'search\_path=%' THEN substr(o.option, length('search_path=') + 1) ELSE '"' END
FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS o(option)
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
WHERE (o.option LIKE 'search\_path=%' OR o.option LIKE 'role=%' OR o.option LIKE 'session\_authorization=%')
  AND (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_catalog.pg_database
                                             WHERE datname = pg_catalog.current_database()))
ORDER BY o.option LIKE 'search\_path=%', s.setdatabase <> 0 AND s.setrole <> 0 DESC, s.setrole <> 0 DESC)",
    .open_schemas = R"(SELECT nspname FROM pg_catalog.pg_namespace
WHERE pg_catalog.has_schema_privilege('public', oid, 'usage'))",
};

}  // namespace signalbox::sql
