package golden

allow if data.golden.check with input.user as "alice" with data.grants as []

check if {
	count(data.grants) == 0
	input.user == "alice"
}

mocked := n if n := count([1, 2]) with count as 7
