package golden

roles contains role if {
	some user in data.users
	some role in user.roles
}
