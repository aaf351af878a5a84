# METADATA
# title: Unbounded writes
# description: >-
#   UPDATE and DELETE need a WHERE clause, also inside a common table expression and in each statement of a query with
#   several. Who means every row says so: WHERE true.
package policies.unbounded_writes

import rego.v1

# METADATA
# title: write without WHERE
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s without WHERE is not allowed", [upper(kind)]),
	"hint": "Add a WHERE clause; WHERE true means every row.",
} if {
	some kind in input.query.kinds
	kind in {"delete", "update"}
	not input.query.has_where
}
