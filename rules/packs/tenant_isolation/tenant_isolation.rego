# METADATA
# title: Tenant isolation by WHERE
# description: >-
#   Tables in data.packs.tenant_isolation are read, changed and emptied with `column = tenant` only, at every place where they
#   stand: in sub-selects, joins and branches of a UNION too. The tenant comes from the session, never from the statement.
#   A session whose tenant is not known sees nothing of them. Nobody changes these tables' definition, gives them another name,
#   reads the planner's samples of rows or the changes in the log, or runs SQL from strings. PostgreSQL may try the other conditions
#   of a WHERE before the tenant's, on everybody's rows: nothing stands there that would keep or send what it is given.
package policies.tenant_isolation

import rego.v1

import data.scope

# METADATA
# title: another tenant's rows
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s must be limited to your tenant: WHERE %s = ...", [table.name, data.packs.tenant_isolation.column]),
	"shadow": data.packs.tenant_isolation.shadow,
} if {
	data.packs.tenant_isolation.enabled
	some table in input.query.tables
	table.name in data.packs.tenant_isolation.tables
	table.access in {"lock", "read", "write"}
	table.verb != "insert"
	not scope.named(data.packs.tenant_isolation.except_users)
	not limited(table)
}

# METADATA
# title: definition of a table with tenants
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s must not be redefined: it holds the rows of several tenants", [table.name]),
	"shadow": data.packs.tenant_isolation.shadow,
} if {
	data.packs.tenant_isolation.enabled
	some table in input.query.tables
	table.name in data.packs.tenant_isolation.tables
	table.access == "define"
	not scope.named(data.packs.tenant_isolation.except_users)
}

# METADATA
# title: rows by another way
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s could show rows of other tenants", [way]),
	"shadow": data.packs.tenant_isolation.shadow,
} if {
	data.packs.tenant_isolation.enabled
	some way in ways
	not scope.named(data.packs.tenant_isolation.except_users)
}

ways contains "the planner's statistics" if scope.samples

ways contains "what the log says of changes" if scope.decodes

ways contains "SQL from a string" if scope.unseen

ways contains "a function whose SQL is not all seen" if scope.unread

ways contains sprintf("%s beside the tenant's condition", [carrier]) if {
	some table in input.query.tables
	table.name in data.packs.tenant_isolation.tables
	table.access in {"lock", "read", "write"}
	table.verb != "insert"
	some carrier in carriers
}

# A function in SQL is put into the query that calls it. One in PL/pgSQL is not; it costs 100 and comes after the tenant's condition.
ways contains sprintf("a function of one's own with %s", [carrier]) if {
	input.query.kind == "create_function"
	not {"name": "language", "value": "plpgsql"} in input.query.options
	some carrier in carriers
}

ways contains "a function that costs less than usual, so that it comes first," if {
	some option in input.query.options
	option.name == "cost"
	not option.value >= 100
}

# The check of a domain costs as little as an operator, whatever it calls.
ways contains sprintf("a domain with %s", [check]) if {
	input.query.kind in {"alter_domain", "create_domain"}
	some check in (carriers | {sprintf("an own %s", [reason]) | some reason in input.query.opaque})
}

carriers contains effect if {
	some effect in input.query.effects
	effect in data.packs.tenant_isolation.carriers
}

carriers contains "setval" if "setval" in input.query.functions

# PostgreSQL chooses an operator by the types on both sides, wherever it is: a new = may be the one of tenant_id = 7.
ways contains "an operator or cast of one's own" if {
	input.query.kind in {"alter_operator", "create_cast", "create_operator", "create_operator_class"}
}

# A search_path can have other types than PostgreSQL's in front: with a domain text over "char", 'acme'::text is 'a'.
ways contains "a type of PostgreSQL's name" if {
	input.query.kind in {"alter_domain", "alter_type", "create_domain", "create_type"}
	some object in input.query.objects
	object.name in {
		"bool", "bpchar", "bytea", "cidr", "date", "float4", "float8", "inet", "int2", "int4", "int8", "interval", "json",
		"jsonb", "name", "numeric", "oid", "text", "time", "timestamp", "timestamptz", "timetz", "uuid", "varchar", "xml",
	}
}

# Numbers and texts are compared as texts: a bound parameter without a type is a text.
limited(table) if sprintf("%v", [table.where[data.packs.tenant_isolation.column]]) == sprintf("%v", [tenant])

tenant := object.get(data.packs.tenant_isolation.tenants, told, told)

told := input.session.user if data.packs.tenant_isolation.tenant_from == "user"

told := input.session.database if data.packs.tenant_isolation.tenant_from == "database"

told := input.session.application_name if data.packs.tenant_isolation.tenant_from == "application_name"

told := input.session.tags[data.packs.tenant_isolation.tag] if data.packs.tenant_isolation.tenant_from == "tag"
