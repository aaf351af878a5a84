# METADATA
# title: Network zones
# description: Users connect from the networks that data.packs.network_zones names for them.
package policies.network_zones

import rego.v1

import data.scope

# METADATA
# title: login from another network
actions contains {
	"action": "deny",
	"sqlstate": "28000",
	"message": sprintf("%s may not connect from %s", [input.session.user, object.get(input.client, "address", "a UNIX socket")]),
	"shadow": data.packs.network_zones.shadow,
} if {
	data.packs.network_zones.enabled
	input.hook == "startup"
	count(concerning) > 0
	not allowed
}

# Those that name the user, by their place.
concerning := {i | some i, rule in data.packs.network_zones.rules; scope.named(rule.users)}

allowed if {
	some zone in data.packs.network_zones.rules[min(concerning)].zones
	within(zone)
}

within("local") if not input.client.address

within(zone) if {
	some network in data.packs.network_zones.zones[zone]
	net.cidr_contains(network, input.client.address)
}
