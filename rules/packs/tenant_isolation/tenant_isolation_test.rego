package policies.tenant_isolation_test

import rego.v1

import data.policies.tenant_isolation

pack := {
	"enabled": true,
	"shadow": false,
	"except_users": ["dba"],
	"tables": ["orders"],
	"column": "tenant_id",
	"tenant_from": "user",
	"tag": "tenant",
	"tenants": {"ann": 7},
}

denied(session, tables, more) if count(tenant_isolation.actions) > 0 with input as {"session": session, "query": {"tables": tables}}
	with data.packs.tenant_isolation as object.union(pack, more)

orders(where) := {"name": "orders", "access": "read", "verb": "select", "where": where}

ann := {"user": "ann", "tags": {}}

test_own if not denied(ann, [orders({"tenant_id": 7})], {})

test_own_as_text if not denied(ann, [orders({"tenant_id": "7"})], {})

test_other if denied(ann, [orders({"tenant_id": 8})], {})

test_none if denied(ann, [orders({})], {})

test_not_told_yet if denied(ann, [orders({"tenant_id": null})], {})

test_other_table if not denied(ann, [{"name": "countries", "access": "read", "verb": "select", "where": {}}], {})

test_truncate if denied(ann, [{"name": "orders", "access": "write", "verb": "truncate", "where": {}}], {})

test_insert if not denied(ann, [{"name": "orders", "access": "write", "verb": "insert", "where": {}}], {})

test_user_is_the_tenant if not denied({"user": "acme"}, [orders({"tenant_id": "acme"})], {})

test_tag if not denied({"user": "x", "tags": {"tenant": "9"}}, [orders({"tenant_id": 9})], {"tenant_from": "tag"})

test_tag_missing if denied({"user": "x", "tags": {}}, [orders({"tenant_id": 9})], {"tenant_from": "tag"})

test_exception if not denied({"user": "dba"}, [orders({})], {})
