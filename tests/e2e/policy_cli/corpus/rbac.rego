# METADATA
# title: Roles
# description: Who may do what, by the roles that are granted.
# authors:
#   - Ann <ann@example.com>
package app.rbac

default allow := false

# METADATA
# title: Administrators may do everything
allow if "admin" in roles

allow if {
	some grant in grants
	input.action == grant.action
	input.type == grant.type
}

roles contains role if some role in data.user_roles[input.user]

grants contains grant if {
	some role in roles
	some grant in data.role_grants[role]
}
