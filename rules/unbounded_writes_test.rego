package policies.unbounded_writes_test

import rego.v1

import data.policies.unbounded_writes

query(kind, has_where) := {"query": {"kind": kind, "has_where": has_where}}

test_update_without_where if {
	some action in unbounded_writes.actions with input as query("update", false)
	action.action == "deny"
	action.message == "UPDATE without WHERE is not allowed"
}

test_delete_without_where if count(unbounded_writes.actions) == 1 with input as query("delete", false)

test_with_where if count(unbounded_writes.actions) == 0 with input as query("delete", true)

test_select if count(unbounded_writes.actions) == 0 with input as query("select", false)

test_no_query if count(unbounded_writes.actions) == 0 with input as {}

test_code if {
	some action in unbounded_writes.actions with input as {"query": {"kind": "do", "has_where": false, "opaque": ["do", "sql"]}}
	action.message == "DO with SQL that is made at run time is not allowed"
}

test_code_that_can_be_read if {
	count(unbounded_writes.actions) == 0 with input as {"query": {"kind": "do", "has_where": false, "opaque": ["do"]}}
}

test_merge if {
	count(unbounded_writes.actions) == 1 with input as {"query": {"kind": "merge", "has_where": false, "tables": [{"verb": "merge"}, {"verb": "delete"}]}}
	count(unbounded_writes.actions) == 0 with input as {"query": {"kind": "merge", "has_where": false, "tables": [{"verb": "insert"}]}}
}
