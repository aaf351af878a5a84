package wrong_strict

import data.unused

p if {
	x := 1
	some y
	input.z
}

f(a, b) := a

input_ := 1

data_ if {
	input := 2
	input == 2
}
