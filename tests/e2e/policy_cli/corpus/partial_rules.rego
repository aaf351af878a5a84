package partial_rules

allow if {
	input.method == "GET"
	some owner in data.owners
	input.user == owner.name
	not blocked
}

allow if {
	input.user == "root"
	startswith(input.path, "/admin/")
}

blocked if input.user in data.blocked

filtered contains doc if {
	some doc in input.docs
	doc.owner == input.user
}
