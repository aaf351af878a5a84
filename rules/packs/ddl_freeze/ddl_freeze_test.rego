package policies.ddl_freeze_test

import rego.v1

import data.policies.ddl_freeze

pack := {
	"enabled": true,
	"shadow": false,
	"users": ["*"],
	"except_users": [],
	"from": "",
	"until": "",
	"free_kinds": [],
	"break_glass": {"users": ["dba"], "comment_key": "ticket"},
}

at := time.parse_rfc3339_ns("2026-12-24T12:00:00Z")

event(user, comment) := {
	"time_ns": at,
	"session": {"user": user},
	"query": {"kind": "drop_table", "categories": ["ddl"], "comment": comment},
}

asked(event, more) := found if {
	found := {action.action | some action in ddl_freeze.actions} with input as event
		with data.packs.ddl_freeze as object.union(pack, more)
}

test_frozen if asked(event("ann", {}), {}) == {"deny"}

test_a_comment_does_not_help_everybody if asked(event("ann", {"ticket": "OPS-1"}), {}) == {"deny"}

test_glass_needs_a_reason if asked(event("dba", {}), {}) == {"deny"}

test_glass_broken if asked(event("dba", {"ticket": "OPS-1"}), {}) == {"log"}

test_no_reason_asked_for if asked(event("dba", {}), {"break_glass": {"users": ["dba"], "comment_key": ""}}) == {"log"}

test_data_is_free if {
	asked({"session": {"user": "ann"}, "query": {"kind": "insert", "categories": ["write"]}}, {}) == set()
}

test_before if asked(event("ann", {}), {"from": "2026-12-25T00:00:00Z"}) == set()

test_within if asked(event("ann", {}), {"from": "2026-12-24T00:00:00Z", "until": "2026-12-27T00:00:00Z"}) == {"deny"}

test_after if asked(event("ann", {}), {"until": "2026-12-24T12:00:00Z"}) == set()

test_exception if asked(event("ci", {}), {"except_users": ["c*"]}) == set()

test_off if asked(event("ann", {}), {"enabled": false}) == set()
