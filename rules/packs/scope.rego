# METADATA
# title: Whom a pack is about
# description: >-
#   Most packs have `users` and `except_users` among their parameters: lists of names, in which * stands for any text.
package scope

import rego.v1

# METADATA
# title: The session's user is one that the pack is about
covers(pack) if {
	named(pack.users)
	not named(pack.except_users)
}

# METADATA
# title: The session's user is on the list
named(users) if {
	some pattern in users
	glob.match(pattern, null, input.session.user)
}
