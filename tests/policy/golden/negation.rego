package golden

allow if {
	not denied
	not input.user in {"mallory", "eve"}
}

denied if input.blocked
