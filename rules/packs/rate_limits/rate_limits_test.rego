package policies.rate_limits_test

import rego.v1

import data.policies.rate_limits

pack := {
	"enabled": true,
	"shadow": false,
	"logins": {"rate": 60, "per": "1m"},
	"statements": [
		{"users": ["batch_*"], "rate": 5000, "per": "1s"},
		{"users": ["*"], "rate": 100, "per": "1s"},
	],
	"unbounded": {"rate": 1, "per": "1m"},
	"sizes": [{"users": ["web"], "duration": "5s"}],
}

asked(event) := found if {
	found := {[action.action, action.name, object.get(action, "rate", 0), action.key] | some action in rate_limits.actions} with input as event
		with data.packs.rate_limits as pack
}

statement(user, query) := {"hook": "traffic_from_client", "session": {"user": user}, "query": query}

test_login if {
	["police", "logins", 60, "10.0.0.1"] in asked({"hook": "startup", "session": {"user": "ann"}, "client": {"address": "10.0.0.1"}})
}

test_first_entry_counts if {
	asked(statement("batch_1", {"kind": "insert"})) == {["police", "statements", 5000, "batch_1"]}
}

test_everybody_else if asked(statement("ann", {"kind": "insert"})) == {["police", "statements", 100, "ann"]}

test_size if ["limit", "sizes", 0, "web"] in asked(statement("web", {"kind": "insert"}))

test_unbounded if {
	query := {"kind": "select", "tables": [{"name": "t"}], "has_where": false, "has_limit": false, "within": []}
	["police", "unbounded", 1, "ann"] in asked(statement("ann", query))
	not ["police", "unbounded", 1, "ann"] in asked(statement("ann", object.union(query, {"has_limit": true})))
	["police", "unbounded", 1, "ann"] in asked(statement("ann", object.union(query, {"within": ["explain"]})))
	not ["police", "unbounded", 1, "ann"] in asked(statement("ann", object.union(query, {"within": ["prepare"]})))
}
