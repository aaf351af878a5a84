package masking

import data.masking.columns

row_filters contains {"table": "orders", "where": $"region = '{region}'"} if {
	input.user.role == "clerk"
	region := input.user.region
}

masks[column] := {"replace": columns[column].with_} if {
	some column in input.query.columns
	columns[column]
	not privileged
}

privileged if input.user.role in {"dba", "auditor"}

decision := {"verdict": "deny", "reason": reasons} if {
	count(reasons) > 0
} else := {"verdict": "allow", "masks": masks}

reasons contains "writes need a WHERE" if {
	input.query.kind in {"update", "delete"}
	not input.query.where
}
