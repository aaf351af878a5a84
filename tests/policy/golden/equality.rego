package golden

allow if {
	input.user == "alice"
	input.op in {"read", "list"}
}
