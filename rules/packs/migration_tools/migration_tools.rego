# METADATA
# title: Exceptions for migration tools
# description: >-
#   Statements of the migration tools in data.packs.migration_tools are permitted above what other packs refuse: a freeze, writes
#   without WHERE, injection shapes. Access to the server beneath the database stays refused.
package policies.migration_tools

import rego.v1

import data.scope

# METADATA
# title: migration
actions contains {
	"action": "allow",
	"final": true,
	"priority": data.packs.migration_tools.priority,
} if {
	data.packs.migration_tools.enabled
	is_tool
	not forbidden
}

# METADATA
# title: migration is logged
actions contains {
	"action": "log",
	"level": "notice",
	"message": "migration",
	"fields": ["session.id", "session.user", "session.application_name", "client.address", "query.kind", "query.text"],
} if {
	data.packs.migration_tools.enabled
	data.packs.migration_tools.log
	input.query.categories[0] in {"dcl", "ddl"}
	is_tool
}

is_tool if {
	some tool in data.packs.migration_tools.tools
	scope.named(tool.users)
	matches(tool.applications, input.session.application_name)
	matches(tool.databases, input.session.database)
	from(tool)
}

matches(patterns, text) if {
	some pattern in patterns
	glob.match(pattern, null, text)
}

from(_) if not input.client.address

from(tool) if {
	some network in tool.networks
	net.cidr_contains(network, input.client.address)
}

forbidden if input.query.kind in data.packs.migration_tools.never

forbidden if {
	some effect in input.query.effects
	effect in data.packs.migration_tools.never_effects
}

# What a string says at run time may be any of these.
forbidden if {
	some reason in input.query.opaque
	reason in data.packs.migration_tools.never_opaque
}

forbidden if {
	some option in input.query.options
	option.name == "language"
	not option.value in data.packs.migration_tools.languages
}

forbidden if {
	some object in input.query.objects
	object.type == "extension"
	not object.name in data.packs.migration_tools.extensions
}

forbidden if input.query.parse_error
