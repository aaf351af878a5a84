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
}
