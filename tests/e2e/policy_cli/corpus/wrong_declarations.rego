package wrong_declarations

p if {
	x := 1
	x := 2
}

q if {
	y == 1
	y := 2
}

r if {
	some z
	z := 1
}

s(a) := 1 if a := 2
