package policies.signals_test

import rego.v1

import data.policies.signals

deny := [{"action": "deny", "message": "x"}]

asked(signals_raised, settings) := found if {
	found := {action.action | some action in signals.actions} with input as {
		"hook": "traffic_from_client",
		"signals": signals_raised,
	}
		with data.signals as settings
}

at(hook, signals_raised, settings) := found if {
	found := {action.action | some action in signals.actions} with input as {
		"hook": hook,
		"signals": signals_raised,
	}
		with data.signals as settings
}

terminate := {"plugin": {"terminate": {"value": true}}}

test_terminate_stops if asked(terminate, {"plugin": {"enabled": true, "terminate": "stop"}}) == {"terminate"}

test_terminate_continues if asked(terminate, {"plugin": {"enabled": true, "terminate": "continue"}}) == set()

test_terminate_is_withdrawn if {
	asked({"plugin": {"terminate": {"value": false}}}, {"plugin": {"enabled": true, "terminate": "stop"}}) == set()
}

test_log if asked({"plugin": {"log": {"value": true}}}, {"plugin": {"enabled": true, "log": true}}) == {"log"}

test_log_is_passed_over if asked({"plugin": {"log": {"value": true}}}, {"plugin": {"enabled": true, "log": false}}) == set()

test_two_signals_that_do_not_contradict if {
	raised := {"plugin": {"log": {"value": true}, "terminate": {"value": true}}}
	asked(raised, {"plugin": {"enabled": true, "terminate": "stop", "log": true}}) == {"log", "terminate"}
}

test_plugins_own_message if {
	some action in signals.actions with input as {"signals": {"plugin": {"terminate": {"value": true, "message": "no"}}}}
		with data.signals as {"plugin": {"enabled": true, "terminate": "stop"}}
	action.message == "no"
}

test_injection_any if {
	asked({"injection": {"value": ["delay"]}}, {"injection": {"enabled": true, "values": [], "actions": deny}}) == {"deny"}
}

test_injection_other if {
	asked({"injection": {"value": ["delay"]}}, {"injection": {"enabled": true, "values": ["blind"], "actions": deny}}) == set()
}

test_off if {
	asked({"injection": {"value": ["delay"]}}, {"injection": {"on": false, "values": [], "actions": deny}}) == set()
}

test_rate_above if asked({"rate": {"value": 11}}, {"rate": {"enabled": true, "above": 10, "actions": deny}}) == {"deny"}

test_rate_at_the_limit if asked({"rate": {"value": 10}}, {"rate": {"enabled": true, "above": 10, "actions": deny}}) == set()

test_failed_logins_at_connecting if {
	settings := {"authentication_failure": {"enabled": true, "above": 3, "actions": deny}}
	at("connecting", {"authentication_failure": {"value": 4, "user": 0}}, settings) == {"deny"}
	asked({"authentication_failure": {"value": 4, "user": 0}}, settings) == set()
}

test_unknown_program if {
	settings := {"client_fingerprint": {"enabled": true, "known": ["a"], "actions": deny}}
	at("startup", {"client_fingerprint": {"value": "b"}}, settings) == {"deny"}
	at("startup", {"client_fingerprint": {"value": "a"}}, settings) == set()
}
