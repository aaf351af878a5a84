package policies.superuser_guard_test

import rego.v1

import data.policies.superuser_guard

pack := {
	"enabled": true,
	"shadow": false,
	"superusers": ["postgres"],
	"networks": ["127.0.0.0/8"],
	"applications": ["psql", "pg_*"],
	"roles": ["pg_read_server_files"],
	"options": ["superuser", "createrole"],
	"extensions": ["pg_trgm"],
	"languages": ["sql", "plpgsql"],
	"security_definer": false,
	"log": false,
}

denied(event) if count(superuser_guard.actions) > 0 with input as event with data.packs.superuser_guard as pack

login(user, application, client) := {
	"hook": "startup",
	"session": {"user": user, "application_name": application},
	"client": client,
}

test_at_home if not denied(login("postgres", "psql", {"address": "127.0.0.1"}))

test_unix_socket if not denied(login("postgres", "pg_dump", {}))

test_from_elsewhere if denied(login("postgres", "psql", {"address": "10.0.0.1"}))

test_other_program if denied(login("postgres", "webapp", {"address": "127.0.0.1"}))

test_other_user if not denied(login("ann", "webapp", {"address": "10.0.0.1"}))

statement(user, query) := {"hook": "traffic_from_client", "session": {"user": user}, "query": query}

test_set_role if denied(statement("ann", {"sets": [{"name": "role", "value": "postgres"}]}))

test_set_session_authorization if {
	denied(statement("ann", {"sets": [{"name": "session_authorization", "value": "postgres"}]}))
}

test_set_role_of_another if not denied(statement("ann", {"sets": [{"name": "role", "value": "reporting"}]}))

test_grant if {
	denied(statement("ann", {"categories": ["dcl"], "objects": [{"type": "role", "name": "pg_read_server_files"}]}))
}

test_grant_on_a_table if {
	not denied(statement("ann", {"categories": ["dcl"], "objects": [{"type": "role", "name": "bob"}]}))
}

test_superusers_may if not denied(statement("postgres", {"sets": [{"name": "role", "value": "postgres"}]}))

option(name, value) := {"name": name, "value": value}

test_superuser_option if denied(statement("ann", {"kind": "alter_role", "options": [option("superuser", true)]}))

test_nosuperuser_option if not denied(statement("ann", {"kind": "alter_role", "options": [option("superuser", false)]}))

test_other_option if not denied(statement("ann", {"kind": "create_role", "options": [option("login", true)]}))

test_security_definer if denied(statement("ann", {"kind": "alter_function", "options": [option("security definer", true)]}))

test_security_definer_allowed if {
	count(superuser_guard.actions) == 0 with input as statement("ann", {"kind": "create_function", "options": [option("security definer", true)]})
		with data.packs.superuser_guard as object.union(pack, {"security_definer": true})
}

test_alter_system if denied(statement("ann", {"kind": "alter_system"}))

extension(name) := {"kind": "create_extension", "objects": [{"type": "extension", "name": name}]}

test_extension if denied(statement("ann", extension("plpython3u")))

test_listed_extension if not denied(statement("ann", extension("pg_trgm")))

test_language if denied(statement("ann", {"kind": "create_function", "options": [option("language", "c")]}))

test_listed_language if not denied(statement("ann", {"kind": "create_function", "options": [option("language", "sql")]}))

test_log if {
	some action in superuser_guard.actions with input as statement("postgres", {"kind": "select"})
		with data.packs.superuser_guard as object.union(pack, {"log": true})
	action.action == "log"
}
