package golden

names := {name | some name, _ in data.users}

doubled := [2 * n | some n in input.numbers; n > 1]

grants_of := {name: found |
	some name, user in data.users
	found := [grant.op | some grant in data.grants; grant.role == name]
}
