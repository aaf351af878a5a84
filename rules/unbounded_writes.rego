# METADATA
# title: Unbounded writes
# description: >-
#   UPDATE and DELETE need a WHERE clause (and MERGE an ON) about their table, wherever they stand: in a query with several statements, in a common table
#   expression, under EXPLAIN, PREPARE or COPY, in the body of DO or of a function. A clause that limits nothing (WHERE true,
#   1 = 1, id = id) is none. A DO that runs SQL from a string is refused: what it writes is not to be seen.
package policies.unbounded_writes

import rego.v1

# METADATA
# title: write without WHERE
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s without WHERE is not allowed", [upper(input.query.kind)]),
	"hint": "Add a WHERE clause that names the rows.",
} if {
	input.query.kind in {"delete", "update"}
	not input.query.has_where
}

# METADATA
# title: MERGE of all rows
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "MERGE without a condition on its table is not allowed",
	"hint": "Name the table's rows in ON.",
} if {
	input.query.kind == "merge"
	not input.query.has_where
	some table in input.query.tables
	table.verb in {"delete", "update"}
}

# METADATA
# title: code that cannot be read
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "DO with SQL that is made at run time is not allowed",
	"hint": "UPDATE and DELETE without WHERE could be in it. Write the statements out, or send them one by one.",
} if {
	input.query.kind == "do"
	"sql" in input.query.opaque
}
