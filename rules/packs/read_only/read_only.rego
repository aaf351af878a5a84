# METADATA
# title: Read-only sessions
# description: >-
#   Sessions of the users in data.packs.read_only change no data, no objects, no rights and nothing of the server, as with
#   PostgreSQL's default_transaction_read_only, which a client could turn off. Settings, transactions, cursors and prepared
#   statements are free.
package policies.read_only

import rego.v1

import data.scope

# METADATA
# title: change in a read-only session
actions contains {
	"action": "deny",
	"sqlstate": "25006",
	"message": sprintf("cannot execute %s in a read-only session", [upper(replace(input.query.kind, "_", " "))]),
	"shadow": data.packs.read_only.shadow,
} if {
	data.packs.read_only.enabled
	scope.covers(data.packs.read_only)
	changes
}

changes if {
	some category in input.query.categories
	category in {"dcl", "ddl", "maintenance", "server", "unknown", "write"}
}

changes if {
	some kind in input.query.kinds
	kind in {"call", "do"}
}

changes if {
	some table in input.query.tables
	table.access in {"define", "write"}
}

# As for PostgreSQL: FOR UPDATE and FOR SHARE write on the rows.
changes if {
	some lock in input.query.locks
	startswith(lock.mode, "for ")
}

changes if {
	some effect in input.query.effects
	effect in {"file_write", "large_object", "network", "process", "program", "sequence", "server", "sql"}
}

changes if {
	some reason in input.query.opaque
	reason in {"bounded", "execute", "sql", "unknown", "unparsed"} # EXECUTE of what is known is decided by what it runs
}

changes if {
	not data.packs.read_only.trust_functions
	some reason in input.query.opaque
	reason in {"function", "operator"}
}

changes if input.query.kind == "function_call" # the protocol's own call, which names no function
