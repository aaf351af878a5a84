# METADATA
# title: Access to the server beneath the database
# description: >-
#   No SQL reaches the server's files or programs, changes its configuration or drops whole databases: those are the
#   work of its administrators, on another way in. `\copy` and pg_dump are not concerned: they move rows over the
#   connection.
package policies.server_access

import rego.v1

# METADATA
# title: files and programs
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("access to the server's %s is not allowed", [what]),
} if {
	some effect in input.query.effects
	what := {"file_read": "files", "file_write": "files", "program": "programs"}[effect]
}

# METADATA
# title: server administration
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s is not allowed here", [upper(replace(input.query.kind, "_", " "))]),
} if {
	input.query.kind in {"alter_system", "create_tablespace", "drop_database", "drop_tablespace", "load"}
}
