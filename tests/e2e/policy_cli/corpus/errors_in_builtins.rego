package builtin_errors

no_such_file := http.send({"method": "GET", "url": "nonsense://x"}).body

divided := 1 / input.zero

number := to_number(input.text)

kept := x if {
	x := 1 / input.zero
} else := "else"

parsed := json.unmarshal("{")

ok := "fine"
