package policies.pii_columns_test

import rego.v1

import data.policies.pii_columns

pack := {
	"enabled": true,
	"shadow": false,
	"readers": ["dpo"],
	"columns": {"*": ["email"], "customers": ["address"]},
	"log_readers": true,
}

asked(user, columns) := found if {
	found := {action.action | some action in pii_columns.actions} with input as {
		"session": {"user": user},
		"query": {"columns": columns},
	}
		with data.packs.pii_columns as pack
}

column(table, name, access) := {"table": table, "name": name, "access": access}

test_listed_anywhere if asked("ann", [column("x", "email", "read")]) == {"deny"}

test_listed_for_the_table if asked("ann", [column("customers", "address", "read")]) == {"deny"}

test_same_name_elsewhere if asked("ann", [column("servers", "address", "read")]) == set()

test_star_of_a_listed_table if asked("ann", [column("customers", "*", "read")]) == {"deny"}

test_star_of_another if asked("ann", [column("servers", "*", "read")]) == set()

test_writing if asked("ann", [column("customers", "address", "write")]) == set()

test_reader if asked("dpo", [column("customers", "address", "read")]) == {"log"}

test_reader_of_other_things if asked("dpo", [column("customers", "id", "read")]) == set()
