# METADATA
# title: Unbounded writes
# description: >-
#   UPDATE and DELETE need a WHERE clause, wherever they stand: in a query with several statements, in a common table
#   expression, under EXPLAIN, PREPARE or COPY. A clause that limits nothing (WHERE true, 1 = 1, id = id) is none.
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
