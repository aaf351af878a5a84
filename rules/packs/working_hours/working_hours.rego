# METADATA
# title: Working hours
# description: Users log in during the working hours of data.packs.working_hours, and at no other time.
package policies.working_hours

import rego.v1

import data.scope

# METADATA
# title: login outside of working hours
actions contains refusal if {
	data.packs.working_hours.enabled
	input.hook == "startup"
	scope.covers(data.packs.working_hours)
	not working
}

# METADATA
# title: statement outside of working hours
actions contains refusal if {
	data.packs.working_hours.enabled
	data.packs.working_hours.statements
	input.hook == "traffic_from_client"
	scope.covers(data.packs.working_hours)
	not working
}

refusal := {
	"action": "deny",
	"sqlstate": "28000",
	"message": sprintf("%s works from %s to %s, %s", [
		input.session.user, data.packs.working_hours.from, data.packs.working_hours.until,
		data.packs.working_hours.zone,
	]),
	"shadow": data.packs.working_hours.shadow,
}

working if {
	now := [input.time_ns, data.packs.working_hours.zone]
	time.weekday(now) in data.packs.working_hours.days
	[hour, minute, _] := time.clock(now)
	clock := sprintf("%02d:%02d", [hour, minute])
	clock >= data.packs.working_hours.from
	clock < data.packs.working_hours.until
}
