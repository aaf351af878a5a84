package policies.dangerous_functions_test

import rego.v1

import data.policies.dangerous_functions

pack := {
	"enabled": true,
	"shadow": false,
	"users": ["*"],
	"except_users": ["postgres"],
	"functions": ["pg_sleep*", "lo_import"],
	"function_call": false,
	"languages": ["sql", "plpgsql"],
}

messages(user, query) := found if {
	found := {action.message | some action in dangerous_functions.actions} with input as {"session": {"user": user}, "query": query}
		with data.packs.dangerous_functions as pack
}

test_named if messages("ann", {"functions": ["lo_import"]}) == {"permission denied for function lo_import"}

test_pattern if messages("ann", {"functions": ["count", "pg_sleep_for"]}) == {"permission denied for function pg_sleep_for"}

test_other if messages("ann", {"functions": ["count", "my.pg_sleep"]}) == set()

test_exception if messages("postgres", {"functions": ["lo_import"]}) == set()

test_grant_on_function if {
	messages("ann", {"objects": [{"type": "function", "schema": "", "name": "lo_import"}]}) == {"permission denied for function lo_import"}
}

test_other_object if messages("ann", {"objects": [{"type": "schema", "schema": "", "name": "lo_import"}]}) == set()

test_language if count(messages("ann", {"kind": "create_function", "options": [{"name": "language", "value": "internal"}]})) == 1

test_listed_language if messages("ann", {"kind": "create_function", "options": [{"name": "language", "value": "sql"}]}) == set()

test_function_call if count(messages("ann", {"kind": "function_call"})) == 1
