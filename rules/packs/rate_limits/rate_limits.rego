# METADATA
# title: Rate limits
# description: >-
#   Logins of an address, statements of a user, and unbounded statements of a user are counted; statements are bounded in
#   duration and number. By the actions police and limit.
package policies.rate_limits

import rego.v1

import data.scope

# METADATA
# title: logins of an address
actions contains object.union(data.packs.rate_limits.logins, {
	"action": "police",
	"key": object.get(input.client, "address", "local"),
	"name": "logins",
	"message": "too many logins",
	"shadow": data.packs.rate_limits.shadow,
}) if {
	data.packs.rate_limits.enabled
	input.hook == "startup"
}

# METADATA
# title: statements of a user
actions contains object.union(object.remove(entry, ["users"]), {
	"action": "police",
	"key": input.session.user,
	"name": "statements",
	"message": "too many statements",
	"shadow": data.packs.rate_limits.shadow,
}) if {
	data.packs.rate_limits.enabled
	entry := first_of(data.packs.rate_limits.statements)
}

# METADATA
# title: unbounded statements of a user
actions contains object.union(data.packs.rate_limits.unbounded, {
	"action": "police",
	"key": input.session.user,
	"name": "unbounded",
	"message": "too many statements without WHERE and LIMIT",
	"shadow": data.packs.rate_limits.shadow,
}) if {
	data.packs.rate_limits.enabled
	unbounded
	not deferred
}

# A statement inside another has a decision of its own, and is counted there.
unbounded if {
	input.query.kind in {"delete", "select", "select_into", "update"}
	count(input.query.tables) > 0
	without_bound
}

unbounded if {
	input.query.kinds == ["copy"]
	reads
}

# What its code reads has no event of its own.
unbounded if {
	input.query.kind == "do"
	reads
}

unbounded if {
	input.query.kind == "insert"
	reads
	without_bound
}

without_bound if {
	not input.query.has_where
	not input.query.has_limit
}

reads if {
	some table in input.query.tables
	table.access == "read"
}

# It runs later, and is counted then: EXECUTE, FETCH.
deferred if {
	some outer in input.query.within
	not outer in {"copy", "create_materialized_view", "create_table_as", "do", "execute", "explain", "fetch", "move"}
}

# METADATA
# title: size of statements
actions contains object.union(object.remove(entry, ["users"]), {
	"action": "limit",
	"key": input.session.user,
	"name": "sizes",
	"shadow": data.packs.rate_limits.shadow,
}) if {
	data.packs.rate_limits.enabled
	entry := first_of(data.packs.rate_limits.sizes)
}

first_of(entries) := entries[min(concerning)] if {
	concerning := {i | some i, entry in entries; scope.named(entry.users)}
	count(concerning) > 0
}
