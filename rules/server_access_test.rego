package policies.server_access_test

import rego.v1

import data.policies.server_access

denied(kind, effects) := messages if {
	messages := {action.message | some action in server_access.actions} with input.query as {"kind": kind, "effects": effects}
}

test_program if denied("copy", ["program"]) == {"access to the server's programs is not allowed"}

test_read_and_write_are_one_refusal if {
	denied("select", ["file_read", "file_write"]) == {"access to the server's files is not allowed"}
}

test_alter_system if denied("alter_system", []) == {"ALTER SYSTEM is not allowed here"}

test_copy_from_stdin if denied("copy", []) == set()
