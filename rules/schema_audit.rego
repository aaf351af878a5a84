# METADATA
# title: Audit of schema changes
# description: Every change of objects, roles and rights leaves an audit line. Nothing is refused.
package policies.schema_audit

import rego.v1

# METADATA
# title: schema change
actions contains {
	"action": "log",
	"level": "notice",
	"message": "schema change",
	"fields": ["session.id", "session.user", "session.database", "client.address", "query.kind", "query.text"],
} if {
	input.query.categories[0] in {"dcl", "ddl"} # the statement's own; those inside it have events of their own
}
