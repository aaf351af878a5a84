package network

allowed_networks := ["10.0.0.0/8", "192.168.1.0/24", "fd00::/8"]

allow if {
	some network in allowed_networks
	net.cidr_contains(network, input.source)
}

matches := net.cidr_contains_matches(allowed_networks, ["10.1.2.3", "8.8.8.8", "fd00::1"])

merged := net.cidr_merge(["192.168.0.0/24", "192.168.1.0/24"])

violations[server.id] contains reason if {
	some server in input.servers
	some reason in insecure(server)
}

insecure(server) := {protocol | some protocol in server.protocols; protocol in {"telnet", "ftp", "http"}}

exposed contains server.id if {
	some server in input.servers
	some port in input.ports
	server.ports[_] == port.id
	input.networks[n].public
	port.network == input.networks[n].id
}
