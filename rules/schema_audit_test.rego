package policies.schema_audit_test

import rego.v1

import data.policies.schema_audit

test_ddl_is_logged_once if {
	actions := schema_audit.actions with input as {"query": {"categories": ["ddl", "dcl"]}}
	{action.action | some action in actions} == {"log"}
	count(actions) == 1
}

test_reading_is_not if count(schema_audit.actions) == 0 with input as {"query": {"categories": ["read", "write"]}}
