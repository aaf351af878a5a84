# METADATA
# title: DDL freeze with break-glass
# description: >-
#   While the freeze holds, nobody changes objects, roles or rights. The users of break_glass may, if the statement says why
#   in a comment (ticket='OPS-17'); each use is logged as a warning.
package policies.ddl_freeze

import rego.v1

import data.scope

# METADATA
# title: frozen
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s is not allowed: changes are frozen", [upper(replace(input.query.kind, "_", " "))]),
	"hint": hint,
	"shadow": data.packs.ddl_freeze.shadow,
} if {
	data.packs.ddl_freeze.enabled
	defines
	holds
	scope.covers(data.packs.ddl_freeze)
	not glass_broken
}

# METADATA
# title: glass broken
actions contains {
	"action": "log",
	"level": "warning",
	"message": "a change during the freeze",
	"fields": ["session.id", "session.user", "client.address", "query.kind", "query.comment", "query.text"],
} if {
	data.packs.ddl_freeze.enabled
	defines
	holds
	glass_broken
}

defines if {
	input.query.categories[0] in {"dcl", "ddl"} # the statement's own
	not input.query.kind in data.packs.ddl_freeze.free_kinds
}

# Of the catalogue, by hand: no other way to change an object.
defines if scope.catalogue_written

# A change that nobody sees.
defines if {
	input.query.kind == "do"
	scope.unseen
}

# A bound that is not set is no bound, and reads no clock.
holds if {
	data.packs.ddl_freeze.from == ""
	data.packs.ddl_freeze.until == ""
}

holds if {
	data.packs.ddl_freeze.from != ""
	input.time_ns >= time.parse_rfc3339_ns(data.packs.ddl_freeze.from)
	not over
}

holds if {
	data.packs.ddl_freeze.from == ""
	data.packs.ddl_freeze.until != ""
	not over
}

over if {
	data.packs.ddl_freeze.until != ""
	input.time_ns >= time.parse_rfc3339_ns(data.packs.ddl_freeze.until)
}

glass_broken if {
	may_break
	data.packs.ddl_freeze.break_glass.comment_key == ""
}

glass_broken if {
	may_break
	input.query.comment[data.packs.ddl_freeze.break_glass.comment_key] != ""
}

may_break if scope.named(data.packs.ddl_freeze.break_glass.users)

hint := sprintf("Say why in a comment: /* %s='...' */", [data.packs.ddl_freeze.break_glass.comment_key]) if may_break

hint := "Wait for the end of the freeze, or ask those who may." if not may_break
