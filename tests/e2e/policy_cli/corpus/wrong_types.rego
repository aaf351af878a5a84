package wrong_types

p := 1 + "a"

q := count(7)

r if {
	x := {"a": 1}
	x.b == 2
}

s := concat(",", [1, 2])

t if "a" == 1
