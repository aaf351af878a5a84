# METADATA
# title: Injection shapes
# description: >-
#   Statements of a shape that injected SQL has, told by PostgreSQL's own parse tree, are refused or logged. It is a second line of
#   defence: the first is that applications bind their parameters.
package policies.injection_shapes

import rego.v1

import data.scope

# METADATA
# title: injection
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("the statement looks like an injection (%s)", [concat(", ", sort(refused))]),
	"hint": "Bind values as parameters.",
	"shadow": data.packs.injection_shapes.shadow,
} if {
	data.packs.injection_shapes.enabled
	count(refused) > 0
	scope.covers(data.packs.injection_shapes)
}

# METADATA
# title: injection is logged
actions contains {
	"action": "log",
	"level": "warning",
	"message": "a statement looks like an injection",
	"fields": ["session.id", "session.user", "client.address", "signals.injection.value", "query.text"],
} if {
	data.packs.injection_shapes.enabled
	some shape in input.signals.injection.value
	shape in data.packs.injection_shapes[["refuse", "log"][_]]
	scope.covers(data.packs.injection_shapes)
}

refused := {shape | some shape in input.signals.injection.value; shape in data.packs.injection_shapes.refuse}
