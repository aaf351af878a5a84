package wrong_rules

p := 1

p contains 2

f(x) := x

f(x, y) := y

default d := 1

default d := 2

g := 1

g.h := 2
