package wrong_bodies

allow {
	input.x
}

deny[msg] {
	msg := "no"
}

contains := 1
