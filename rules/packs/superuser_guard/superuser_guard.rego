# METADATA
# title: Superuser guard
# description: >-
#   Superusers connect from known networks and programs only; other users neither become one (SET ROLE, SET SESSION
#   AUTHORIZATION) nor grant or change those roles, nor give a role what makes it as good as one, nor change the server or load
#   code into it; what superusers do is logged.
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
# title: becoming another by log-in
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("permission denied to set \"%s\" at log-in", [name]),
	"shadow": data.packs.superuser_guard.shadow,
} if {
	data.packs.superuser_guard.enabled
	input.hook == "startup"
	some name in set_at_login
	not input.session.user in data.packs.superuser_guard.superusers
}

set_at_login contains name if {
	some name in {"role", "session_authorization"}
	input.session.parameters[name]
}

# options, as the server reads them: -c name=value or --name=value, where \ keeps the next character, - stands for _
# and case does not matter.
set_at_login contains name if {
	some name in {"role", "session_authorization"}
	options := replace(replace(lower(input.session.parameters.options), "\\", ""), "-", "_")
	regex.match(sprintf(`(^|[^a-z])%s=`, [name]), options)
}

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
	input.query.categories[0] in {"dcl", "ddl"} # ddl: OWNER TO
	not input.session.user in data.packs.superuser_guard.superusers
}

# METADATA
# title: giving power
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("permission denied to give a role %s", [upper(option.name)]),
	"shadow": data.packs.superuser_guard.shadow,
} if {
	data.packs.superuser_guard.enabled
	some option in input.query.options
	option.name in data.packs.superuser_guard.options
	option.value != false
	input.query.kind in {"alter_role", "create_role"}
	not input.session.user in data.packs.superuser_guard.superusers
}

# METADATA
# title: functions with their owner's rights
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": "SECURITY DEFINER is not allowed: it lends the rights of its owner",
	"shadow": data.packs.superuser_guard.shadow,
} if {
	data.packs.superuser_guard.enabled
	not data.packs.superuser_guard.security_definer
	{"name": "security definer", "value": true} in input.query.options
	not input.session.user in data.packs.superuser_guard.superusers
}

# METADATA
# title: the server and its code
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("permission denied to %s", [what]),
	"shadow": data.packs.superuser_guard.shadow,
} if {
	data.packs.superuser_guard.enabled
	some what in of_the_server
	not input.session.user in data.packs.superuser_guard.superusers
}

of_the_server contains sprintf("execute %s", [upper(replace(input.query.kind, "_", " "))]) if {
	input.query.kind in {
		"alter_system", "create_access_method", "create_event_trigger", "create_foreign_data_wrapper",
		"create_language", "load",
	}
}

of_the_server contains "write the system catalogue" if scope.catalogue_written

# For a role, a database or a function; or the right to do it.
of_the_server contains sprintf("set %s", [setting.name]) if {
	some setting in input.query.sets
	setting.name in data.packs.superuser_guard.settings
	object.get(setting, "value", "") != null # RESET
}

of_the_server contains sprintf("grant on parameter %s", [object.name]) if {
	input.query.kind == "grant"
	some object in input.query.objects
	object.type == "parameter"
	object.name in data.packs.superuser_guard.settings
}

of_the_server contains sprintf("add or change extension %s", [object.name]) if {
	input.query.kind in {"alter_extension", "create_extension"}
	some object in input.query.objects
	object.type == "extension"
	not listed(object.name, data.packs.superuser_guard.extensions)
}

of_the_server contains sprintf("make a function in language %s", [option.value]) if {
	input.query.kind in {"create_function", "create_procedure", "do"}
	some option in input.query.options
	option.name == "language"
	not listed(option.value, data.packs.superuser_guard.languages)
}

listed(name, patterns) if {
	some pattern in patterns
	glob.match(pattern, null, name)
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
