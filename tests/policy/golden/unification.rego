package golden

pair contains [x, y] if {
	[x, {"k": y, "t": "row"}] = input.rows[_]
}
