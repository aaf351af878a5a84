package policies.read_only_test

import rego.v1

import data.policies.read_only

pack := {"enabled": true, "shadow": false, "users": ["*"], "except_users": ["postgres"], "trust_functions": false}

query(kind, category, more) := object.union({"kind": kind, "kinds": [kind], "categories": [category], "tables": [], "effects": [], "opaque": []}, more)

denied(user, query) if {
	some action in read_only.actions with input as {"session": {"user": user}, "query": query} with data.packs.read_only as pack
	action.action == "deny"
	action.sqlstate == "25006"
}

test_insert if denied("ann", query("insert", "write", {}))

test_message if {
	some action in read_only.actions with input as {"session": {"user": "ann"}, "query": query("drop_table", "ddl", {})}
		with data.packs.read_only as pack
	action.message == "cannot execute DROP TABLE in a read-only session"
}

test_select if not denied("ann", query("select", "read", {}))

test_set if not denied("ann", query("set", "session", {"effects": ["setting"]}))

test_begin if not denied("ann", query("begin", "transaction", {}))

test_copy_to if not denied("ann", query("copy", "copy", {"tables": [{"name": "t", "access": "read"}]}))

test_copy_from if denied("ann", query("copy", "copy", {"tables": [{"name": "t", "access": "write"}]}))

test_nextval if denied("ann", query("select", "read", {"effects": ["sequence"]}))

test_unknown_function if denied("ann", query("select", "read", {"opaque": ["function"]}))

test_trusted_function if {
	count(read_only.actions) == 0 with input as {"session": {"user": "ann"}, "query": query("select", "read", {"opaque": ["function"]})}
		with data.packs.read_only as object.union(pack, {"trust_functions": true})
}

test_execute if not denied("ann", query("execute", "code", {}))

test_execute_of_unknown if denied("ann", query("execute", "code", {"opaque": ["execute"]}))

test_do if denied("ann", query("do", "code", {"opaque": ["do"]}))

test_function_call if denied("ann", {"kind": "function_call"})

test_exception if not denied("postgres", query("insert", "write", {}))

test_off if {
	count(read_only.actions) == 0 with input as {"session": {"user": "ann"}, "query": query("insert", "write", {})}
		with data.packs.read_only as object.union(pack, {"enabled": false})
}
