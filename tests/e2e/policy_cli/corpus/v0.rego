package legacy

import future.keywords.in

default allow = false

allow {
	some role in input.roles
	role == "admin"
}

deny[msg] {
	not allow
	msg := "not an admin"
}

sizes[name] = n {
	n := count(input.groups[name])
}
