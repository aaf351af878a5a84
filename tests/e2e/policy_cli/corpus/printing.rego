package printing

p := x if {
	x := input.n + 1
	print("x is", x, "and", input.missing, {1, 2})
	trace(sprintf("noted %d", [x]))
}
