package policies.network_zones_test

import rego.v1

import data.policies.network_zones

pack := {
	"enabled": true,
	"shadow": false,
	"zones": {"office": ["10.1.0.0/16", "fd00::/8"], "vpn": ["10.9.0.0/16"]},
	"rules": [
		{"users": ["admin_*"], "zones": ["vpn"]},
		{"users": ["a*"], "zones": ["local", "office"]},
	],
}

denied(user, client) if count(network_zones.actions) > 0 with input as {"hook": "startup", "session": {"user": user}, "client": client}
	with data.packs.network_zones as pack

test_within if not denied("ann", {"address": "10.1.2.3"})

test_ipv6 if not denied("ann", {"address": "fd12::1"})

test_outside if denied("ann", {"address": "10.9.2.3"})

test_unix_socket if not denied("ann", {})

test_first_rule_counts if denied("admin_bob", {"address": "10.1.2.3"})

test_first_rule_allows if not denied("admin_bob", {"address": "10.9.2.3"})

test_named_nowhere if not denied("bob", {"address": "203.0.113.7"})
