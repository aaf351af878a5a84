package wrong_unsafe

p if x > 1

q contains y if not data.z[y]

r := {k: v | k := 1}

s(x) := y if x == z
