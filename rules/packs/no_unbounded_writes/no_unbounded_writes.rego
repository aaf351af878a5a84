# METADATA
# title: No unbounded writes
# description: >-
#   Beyond the base set's rule (no UPDATE or DELETE without WHERE): no TRUNCATE, and of chosen tables an UPDATE or DELETE must
#   name its rows by an equality of a key with a constant. That is the form that nobody can write around: which WHERE limits
#   nothing no list of tricks tells. MERGE finds its rows by another table, and changes none of these.
package policies.no_unbounded_writes

import rego.v1

import data.scope

# METADATA
# title: TRUNCATE
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("TRUNCATE of %s is not allowed", [table.name]),
	"shadow": data.packs.no_unbounded_writes.shadow,
} if {
	data.packs.no_unbounded_writes.enabled
	data.packs.no_unbounded_writes.truncate
	input.query.kind == "truncate_table"
	scope.covers(data.packs.no_unbounded_writes)
	some table in input.query.tables
	not truncatable(table.name)
}

# METADATA
# title: write without a key
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s of %s must name its rows by %s", [upper(input.query.kind), table.name, concat(" or ", keys)]),
	"shadow": data.packs.no_unbounded_writes.shadow,
} if {
	data.packs.no_unbounded_writes.enabled
	input.query.kind in {"delete", "merge", "update"}
	scope.covers(data.packs.no_unbounded_writes)
	some table in input.query.tables
	table.access == "write"
	not table.verb in {"insert", "merge"}
	some pattern, keys in data.packs.no_unbounded_writes.by_key
	glob.match(pattern, null, table.name)
	not by_any(table, keys)
}

# METADATA
# title: a write that nobody sees
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "SQL from a string is not allowed: it could write any number of rows",
	"shadow": data.packs.no_unbounded_writes.shadow,
} if {
	data.packs.no_unbounded_writes.enabled
	input.query.kind == "do"
	scope.unseen
	scope.covers(data.packs.no_unbounded_writes)
}

# METADATA
# title: a function with a write that nobody sees
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "a function whose SQL is not all seen is not allowed: it could write any number of rows",
	"shadow": data.packs.no_unbounded_writes.shadow,
} if {
	data.packs.no_unbounded_writes.enabled
	scope.unread
	scope.covers(data.packs.no_unbounded_writes)
}

truncatable(name) if {
	some pattern in data.packs.no_unbounded_writes.truncatable
	glob.match(pattern, null, name)
}

by_any(table, keys) if {
	some key in keys
	some column, value in table.where
	glob.match(key, null, column)
	value != null
}
