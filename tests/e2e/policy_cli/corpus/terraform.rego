package terraform.analysis

import input as tfplan

# METADATA
# scope: document
# description: How much may change at once.
blast_radius := 30

weights := {"aws_autoscaling_group": {"delete": 100, "create": 10, "modify": 1}, "aws_instance": {"delete": 10, "create": 1, "modify": 1}}

resource_types := {"aws_autoscaling_group", "aws_instance", "aws_iam", "aws_launch_configuration"}

default authz := false

authz if {
	score < blast_radius
	not touches_iam
}

score := s if {
	all_scores := [x |
		some resource_type, crud in weights
		del := crud.delete * num_deletes[resource_type]
		new := crud.create * num_creates[resource_type]
		x := del + new
	]
	s := sum(all_scores)
}

touches_iam if count(resources.aws_iam) > 0

resources[resource_type] := all_resources if {
	some resource_type in resource_types
	all_resources := [name |
		some name in tfplan.resource_changes
		name.type == resource_type
	]
}

num_creates[resource_type] := num if {
	some resource_type in resource_types
	all_resources := resources[resource_type]
	creates := [res | some res in all_resources; "create" in res.change.actions]
	num := count(creates)
}

num_deletes[resource_type] := num if {
	some resource_type in resource_types
	num := count([res | some res in resources[resource_type]; "delete" in res.change.actions])
}
