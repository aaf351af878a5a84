package policies.migration_tools_test

import rego.v1

import data.policies.migration_tools

pack := {
	"enabled": true,
	"priority": 100,
	"tools": [{"users": ["migrator"], "applications": ["alembic*"], "databases": ["*"], "networks": ["10.0.0.0/8"]}],
	"never": ["drop_database"],
	"never_effects": ["program"],
	"never_opaque": ["sql"],
	"languages": ["sql", "plpgsql"],
	"extensions": ["citext"],
	"log": false,
}

allowed(user, application, client, query) if {
	some action in migration_tools.actions with input as {
		"session": {"user": user, "application_name": application, "database": "app"},
		"client": client,
		"query": query,
	}
		with data.packs.migration_tools as pack
	action.action == "allow"
	action.final == true
	action.priority == 100
}

here := {"address": "10.0.0.7"}

drop := {"kind": "drop_table", "categories": ["ddl"], "effects": []}

test_tool if allowed("migrator", "alembic 1.8", here, drop)

test_unix_socket if allowed("migrator", "alembic", {}, drop)

test_other_user if not allowed("ann", "alembic", here, drop)

test_other_program if not allowed("migrator", "psql", here, drop)

test_from_elsewhere if not allowed("migrator", "alembic", {"address": "192.0.2.1"}, drop)

test_never if not allowed("migrator", "alembic", here, {"kind": "drop_database", "categories": ["ddl"]})

test_no_programs if not allowed("migrator", "alembic", here, {"kind": "copy", "effects": ["program"]})

test_unparsed if not allowed("migrator", "alembic", here, {"kind": "unparsed", "parse_error": {"message": "x"}})

test_sql_from_strings if not allowed("migrator", "alembic", here, object.union(drop, {"opaque": ["do", "sql"]}))

test_body if allowed("migrator", "alembic", here, object.union(drop, {"opaque": ["body"]}))

function_in(language) := {"kind": "create_function", "options": [{"name": "language", "value": language}]}

test_language if allowed("migrator", "alembic", here, function_in("plpgsql"))

test_another_language if not allowed("migrator", "alembic", here, function_in("c"))

extension(name) := {"kind": "create_extension", "objects": [{"type": "extension", "schema": "", "name": name}]}

test_extension if allowed("migrator", "alembic", here, extension("citext"))

test_another_extension if not allowed("migrator", "alembic", here, extension("file_fdw"))
