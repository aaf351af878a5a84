package golden

hit contains 1 if input.user == "a"

hit contains 2 if input.user == "b"

hit contains 3 if input.user in {"c", "d"}

hit contains 4 if startswith(input.path, "/api")

hit contains 5 if net.cidr_contains("10.0.0.0/8", input.ip)

hit contains 6 if regex.match("^x+$", input.text)

hit contains 7 if {
	input.n >= 10
	input.n < 20
}
