# METADATA
# title: Superuser guard
# description: >-
#   Superusers connect from known networks and programs only; other users neither become one (SET ROLE, SET SESSION
#   AUTHORIZATION) nor grant or change those roles; what superusers do is logged.
package policies.superuser_guard

import rego.v1

import data.scope

# METADATA
# title: superuser from elsewhere
actions contains {
	"action": "deny",
	"sqlstate": "28000",
	"message": sprintf("%s may not connect from here", [input.session.user]),
	"shadow": data.packs.superuser_guard.shadow,
} if {
	data.packs.superuser_guard.enabled
	input.hook == "startup"
	input.session.user in data.packs.superuser_guard.superusers
	not at_home
}

# METADATA
# title: becoming a superuser
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("permission denied to become %s", [setting.value]),
	"shadow": data.packs.superuser_guard.shadow,
} if {
	data.packs.superuser_guard.enabled
	some setting in input.query.sets
	setting.name in {"role", "session_authorization"}
	setting.value in powerful
	not input.session.user in data.packs.superuser_guard.superusers
}

# METADATA
# title: becoming somebody who is not told
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "permission denied to become a role that the statement does not name",
	"shadow": data.packs.superuser_guard.shadow,
} if {
	data.packs.superuser_guard.enabled
	untold
	not input.session.user in data.packs.superuser_guard.superusers
}

untold if {
	some setting in input.query.sets
	setting.name in {"role", "session_authorization"}
	object.get(setting, "value", "") == ""
}

untold if {
	some setting in input.query.sets
	setting.name == ""
	object.get(setting, "value", "") in (powerful | {""})
}

untold if scope.unseen

# METADATA
# title: changing a superuser
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("permission denied to grant or change %s", [object.name]),
	"shadow": data.packs.superuser_guard.shadow,
} if {
	data.packs.superuser_guard.enabled
	some object in input.query.objects
	object.type == "role"
	object.name in powerful
	input.query.categories[0] == "dcl"
	not input.session.user in data.packs.superuser_guard.superusers
}

# METADATA
# title: superuser's statement
actions contains {
	"action": "log",
	"level": "notice",
	"message": "a superuser's statement",
	"fields": ["session.id", "session.user", "client.address", "session.application_name", "query.kind", "query.text"],
} if {
	data.packs.superuser_guard.enabled
	data.packs.superuser_guard.log
	input.session.user in data.packs.superuser_guard.superusers
	input.query.kind != "empty"
}

powerful := {name | some name in data.packs.superuser_guard[["superusers", "roles"][_]]}

at_home if {
	from_home
	some pattern in data.packs.superuser_guard.applications
	glob.match(pattern, null, input.session.application_name)
}

from_home if not input.client.address

from_home if {
	some network in data.packs.superuser_guard.networks
	net.cidr_contains(network, input.client.address)
}
