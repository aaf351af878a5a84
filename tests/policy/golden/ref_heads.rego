package golden

by_role[role][name] := count(user.roles) if {
	some name, user in data.users
	some role in user.roles
}

seen.roles[role] contains name if {
	some name, user in data.users
	some role in user.roles
}
