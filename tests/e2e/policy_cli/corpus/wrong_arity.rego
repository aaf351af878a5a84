package wrong_arity

t := f("x", 1)

u := count()

v if f

f(x) := x
