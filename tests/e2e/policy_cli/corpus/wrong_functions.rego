package wrong_functions

p := 1

q := p(1)

f(x) := 1

f(x) := 2

g := f

h := f(1)
