package dispatch

handlers.read := "reading"

handlers.write := "writing"

handlers["a b"] := "odd"

chosen := handlers[input.op]

all_of := data.dispatch.handlers

deep[a][b] := c if {
	some a, inner in input.tree
	some b, c in inner
}

found := x if {
	deep.x[y] == 2
	x := y
}

not_there if not data.dispatch.handlers.nothing
