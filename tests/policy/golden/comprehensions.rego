package golden

names := {name | some name, _ in data.users}

doubled := [m | some n in input.numbers; m := 2 * n]

grants_of := {name: found |
	some name, user in data.users
	found := [grant.op | some grant in data.grants; grant.role == name]
}
