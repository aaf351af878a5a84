package policies.no_unbounded_writes_test

import rego.v1

import data.policies.no_unbounded_writes

pack := {
	"enabled": true,
	"shadow": false,
	"users": ["*"],
	"except_users": [],
	"truncate": true,
	"truncatable": ["tmp_*"],
	"by_key": {"orders": ["id", "customer_id"]},
}

messages(query) := found if {
	found := {action.message | some action in no_unbounded_writes.actions} with input as {"session": {"user": "ann"}, "query": query}
		with data.packs.no_unbounded_writes as pack
}

update(table, where) := {
	"kind": "update",
	"tables": [{"name": table, "access": "write", "verb": "update", "where": where}, {"name": table, "access": "read", "where": where}],
}

test_truncate if {
	messages({"kind": "truncate_table", "tables": [{"name": "t"}]}) == {"TRUNCATE of t is not allowed"}
}

test_truncatable if messages({"kind": "truncate_table", "tables": [{"name": "tmp_a"}]}) == set()

test_without_key if messages(update("orders", {"state": "open"})) == {"UPDATE of orders must name its rows by id or customer_id"}

test_with_key if messages(update("orders", {"customer_id": 7})) == set()

test_is_null_is_no_key if count(messages(update("orders", {"id": null}))) == 1

test_any_table if {
	denied := {action.message | some action in no_unbounded_writes.actions} with input as {"session": {"user": "ann"}, "query": update("t", {"state": "open"})}
		with data.packs.no_unbounded_writes as object.union(pack, {"by_key": {"*": ["id", "*_id"]}})
	denied == {"UPDATE of t must name its rows by id or *_id"}
	count(no_unbounded_writes.actions) == 0 with input as {"session": {"user": "ann"}, "query": update("t", {"shop_id": 3})}
		with data.packs.no_unbounded_writes as object.union(pack, {"by_key": {"*": ["id", "*_id"]}})
}

test_merge if {
	count(messages({"kind": "merge", "tables": [{"name": "orders", "access": "write", "verb": "delete", "where": {}}]})) == 1
}

test_merge_that_inserts if {
	messages({"kind": "merge", "tables": [{"name": "orders", "access": "write", "verb": "insert", "where": {}}]}) == set()
}

test_other_table if messages(update("t", {})) == set()
