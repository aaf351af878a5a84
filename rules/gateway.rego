# METADATA
# title: The gateway's entry point
# description: >-
#   The gateway asks for data.gateway.actions on every event that a policy subscribes to, and gets what all policies
#   together ask for. A site that wants something else replaces this file: any rule of this name will do.
package gateway

import rego.v1

actions contains action if {
	some name
	some action in data.policies[name].actions
	not misplaced(name, action)
}

# METADATA
# title: Rules that name no hook are about clients' statements
# description: >-
#   At another hook nothing counts that would be asked for at any hook whatever: whoever means that hook names it.
misplaced(name, action) if {
	input.hook != "traffic_from_client"
	action in data.policies[name].actions with input.hook as ""
}
