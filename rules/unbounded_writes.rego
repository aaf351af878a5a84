# METADATA
# title: Unbounded writes
# description: >-
#   UPDATE and DELETE need a WHERE clause, also inside a common table expression and in each statement of a query with
#   several. A clause that limits nothing (WHERE true, 1 = 1, id = id) is none.
package policies.unbounded_writes

import rego.v1

# METADATA
# title: write without WHERE
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s without WHERE is not allowed", [upper(kind)]),
	"hint": "Add a WHERE clause that names the rows.",
} if {
	some kind in input.query.kinds
	kind in {"delete", "update"}
	not input.query.has_where
}
