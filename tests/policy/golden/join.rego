package golden

allow if {
	some grant in data.grants
	grant.role in data.users[input.user].roles
	grant.op == input.op
}
