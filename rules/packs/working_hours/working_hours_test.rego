package policies.working_hours_test

import rego.v1

import data.policies.working_hours

pack := {
	"enabled": true,
	"shadow": false,
	"users": ["*"],
	"except_users": ["dba"],
	"zone": "Europe/Berlin",
	"days": ["Monday", "Tuesday"],
	"from": "08:30",
	"until": "18:00",
	"statements": false,
}

denied(hook, user, at, more) if {
	count(working_hours.actions) > 0 with input as {"hook": hook, "time_ns": time.parse_rfc3339_ns(at), "session": {"user": user}}
		with data.packs.working_hours as object.union(pack, more)
}

# 2026-11-23 is a Monday; Berlin is an hour ahead of UTC.
test_at_work if not denied("startup", "ann", "2026-11-23T07:30:00Z", {})

test_too_early if denied("startup", "ann", "2026-11-23T07:29:59Z", {})

test_too_late if denied("startup", "ann", "2026-11-23T17:00:00Z", {})

test_last_minute if not denied("startup", "ann", "2026-11-23T16:59:59Z", {})

test_wrong_day if denied("startup", "ann", "2026-11-25T10:00:00Z", {})

test_exception if not denied("startup", "dba", "2026-11-25T10:00:00Z", {})

test_statements_are_free if not denied("traffic_from_client", "ann", "2026-11-25T10:00:00Z", {})

test_statements_when_asked_for if denied("traffic_from_client", "ann", "2026-11-25T10:00:00Z", {"statements": true})
