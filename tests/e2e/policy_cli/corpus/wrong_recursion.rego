package wrong_recursion

p if q

q if r

r if p

f(x) := f(x - 1)
