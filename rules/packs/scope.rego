# METADATA
# title: Whom a pack is about
# description: >-
#   Most packs have `users` and `except_users` among their parameters: lists of names, in which * stands for any text.
package scope

import rego.v1

# METADATA
# title: The session's user is one that the pack is about
covers(pack) if {
	named(pack.users)
	not named(pack.except_users)
}

# METADATA
# title: The session's user is on the list
named(users) if {
	some pattern in users
	glob.match(pattern, null, input.session.user)
}

# METADATA
# title: The statement reads the samples of tables' rows that the server keeps for its planner
samples if {
	some table in input.query.tables
	table.access == "read"
	table.name in {"pg_statistic", "pg_statistic_ext_data", "pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"}
}

# METADATA
# title: The statement reads what the server's log says of changed rows, whosever they are
decodes if {
	some name in input.query.functions
	startswith(name, "pg_logical_slot_")
}

# METADATA
# title: The statement writes PostgreSQL's own catalogue, which is another way to change objects and roles
catalogue_written if {
	some table in input.query.tables
	table.access == "write"
	of_the_catalogue(table)
}

of_the_catalogue(table) if table.schema == "pg_catalog"

of_the_catalogue(table) if {
	table.schema == ""
	startswith(table.name, "pg_")
}

# METADATA
# title: The statement creates a function of whose body not all is understood, so that it may run any SQL later
unread if "unread" in input.query.opaque

# METADATA
# title: The statement runs SQL that its text does not show
unseen if "sql" in input.query.opaque
