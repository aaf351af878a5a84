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
# title: a dangerous function's definition and rights
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("permission denied for function %s", [object.name]),
	"shadow": data.packs.dangerous_functions.shadow,
} if {
	data.packs.dangerous_functions.enabled
	some object in input.query.objects
	object.type in {"aggregate", "function", "procedure", "routine"}
	some pattern in data.packs.dangerous_functions.functions
	glob.match(pattern, null, object.name)
	scope.covers(data.packs.dangerous_functions)
}

# METADATA
# title: a function in a language that reaches everything
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("functions in language %s are not allowed: they could do anything", [option.value]),
	"shadow": data.packs.dangerous_functions.shadow,
} if {
	data.packs.dangerous_functions.enabled
	some option in input.query.options
	option.name == "language"
	input.query.kind in {"create_function", "create_procedure", "do"}
	not option.value in data.packs.dangerous_functions.languages
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

# METADATA
# title: a function whose SQL is not all seen
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "a function whose SQL is not all seen is not allowed: it could call any function",
	"shadow": data.packs.dangerous_functions.shadow,
} if {
	data.packs.dangerous_functions.enabled
	scope.unread
	scope.covers(data.packs.dangerous_functions)
}
