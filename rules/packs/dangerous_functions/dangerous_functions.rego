# METADATA
# title: Dangerous functions
# description: >-
#   Functions that reach files, other servers or other sessions, run SQL from strings, or wait, are called by those who may.
package policies.dangerous_functions

import rego.v1

import data.scope

# METADATA
# title: dangerous function
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("permission denied for function %s", [name]),
	"shadow": data.packs.dangerous_functions.shadow,
} if {
	data.packs.dangerous_functions.enabled
	some name in input.query.functions
	some pattern in data.packs.dangerous_functions.functions
	glob.match(pattern, null, name)
	scope.covers(data.packs.dangerous_functions)
}

# METADATA
# title: function call of the protocol
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "function calls by the protocol are not allowed",
	"shadow": data.packs.dangerous_functions.shadow,
} if {
	data.packs.dangerous_functions.enabled
	not data.packs.dangerous_functions.function_call
	input.query.kind == "function_call"
	scope.covers(data.packs.dangerous_functions)
}

# METADATA
# title: SQL from a string
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "SQL from a string is not allowed: it could call any function",
	"shadow": data.packs.dangerous_functions.shadow,
} if {
	data.packs.dangerous_functions.enabled
	scope.unseen
	scope.covers(data.packs.dangerous_functions)
}
