package functions

fizz(n) := "fizzbuzz" if {
	n % 15 == 0
} else := "fizz" if {
	n % 3 == 0
} else := "buzz" if {
	n % 5 == 0
} else := n

counted := [fizz(n) | some n in numbers.range(1, 15)]

area({"kind": "circle", "r": r}) := (3.14159 * r) * r

area({"kind": "square", "a": a}) := a * a

default tax(_) := 0

tax(income) := (income - 1000) * 0.2 if income > 1000

areas := [area(shape) | some shape in input.shapes]

taxes := {i: tax(i) | some i in [500, 1000, 2500]}

first([x, _]) := x

mocked := x if x := twice(4) with data.functions.once as 5

once := 1

twice(x) := x * once
