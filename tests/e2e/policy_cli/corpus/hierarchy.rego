package org.hierarchy

# Everyone whose boss's boss's ... is ann.
below[boss] := people if {
	some boss in object.keys(data.reports)
	people := graph.reachable(data.reports, {boss}) - {boss}
}

paths := graph.reachable_paths({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, {"a"})

walked := {concat("/", [sprintf("%v", [p]) | some p in path]) |
	walk(input, [path, value])
	is_string(value)
}

every_name_is_short if {
	every name, others in data.reports {
		count(name) < 5
		every other in others { count(other) < 5 }
	}
}

p.q.r[x].s contains y if {
	some x, ys in data.reports
	some y in ys
}
