package policies.injection_shapes_test

import rego.v1

import data.policies.injection_shapes

pack := {
	"enabled": true,
	"shadow": false,
	"users": ["*"],
	"except_users": ["postgres"],
	"refuse": ["tautology", "delay"],
	"log": ["encoded"],
}

asked(user, shapes) := found if {
	found := {action.action | some action in injection_shapes.actions} with input as {
		"session": {"user": user},
		"signals": {"injection": {"value": shapes}},
	}
		with data.packs.injection_shapes as pack
}

test_refused if asked("ann", ["tautology"]) == {"deny", "log"}

test_logged if asked("ann", ["encoded"]) == {"log"}

test_not_listed if asked("ann", ["blind"]) == set()

test_exception if asked("postgres", ["tautology"]) == set()

test_message if {
	some action in injection_shapes.actions with input as {
		"session": {"user": "ann"},
		"signals": {"injection": {"value": ["tautology", "delay"]}},
	}
		with data.packs.injection_shapes as pack
	action.message == "the statement looks like an injection (delay, tautology)"
}

test_no_signal if count(injection_shapes.actions) == 0 with input as {"session": {"user": "ann"}, "signals": {}}
	with data.packs.injection_shapes as pack
