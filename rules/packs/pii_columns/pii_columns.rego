# METADATA
# title: Columns with personal data
# description: >-
#   Columns listed in data.packs.pii_columns are read by the readers named there, and by nobody else: neither in a result nor in
#   a condition, an expression, RETURNING or COPY, nor by the planner's samples, SQL from strings or functions of their own. They are not renamed or
#   redefined either. Writing them is free. What a view or a function hides, no text shows; give
#   those who use such views the right to the view, and not to the table.
package policies.pii_columns

import rego.v1

import data.scope

# METADATA
# title: personal data
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("permission denied for column %s of table %s", [column.name, column.table]),
	"detail": "It holds personal data.",
	"hint": "Name the columns that you need.",
	"shadow": data.packs.pii_columns.shadow,
} if {
	data.packs.pii_columns.enabled
	not scope.named(data.packs.pii_columns.readers)
	some column in input.query.columns
	column.access == "read"
	is_personal(column)
}

# METADATA
# title: definition of personal data
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s must not be redefined: it holds personal data", [name]),
	"shadow": data.packs.pii_columns.shadow,
} if {
	data.packs.pii_columns.enabled
	not scope.named(data.packs.pii_columns.readers)
	some name in redefined
}

# METADATA
# title: personal data by another way
actions contains {
	"action": "deny",
	"sqlstate": "42501",
	"message": sprintf("%s could show personal data", [way]),
	"shadow": data.packs.pii_columns.shadow,
} if {
	data.packs.pii_columns.enabled
	not scope.named(data.packs.pii_columns.readers)
	some way in ways
}

redefined contains table.name if {
	some table in input.query.tables
	table.access == "define"
	count(data.packs.pii_columns.columns[table.name]) > 0
}

redefined contains column.table if {
	some column in input.query.columns
	column.access == "define"
	is_personal(column)
}

ways contains "the planner's statistics" if scope.samples

ways contains "what the log says of changes" if scope.decodes

ways contains "SQL from a string" if scope.unseen

ways contains "a function whose SQL is not all seen" if scope.unread

# customers.f is f(customers), with all columns of the row. Without a catalogue no text tells it from a column.
ways contains "a function that takes rows" if {
	some option in input.query.options
	option.name == "takes rows"
	not input.query.catalog == "known"
}

# METADATA
# title: personal data is read
actions contains {
	"action": "log",
	"level": "notice",
	"message": "personal data is read",
	"fields": ["session.id", "session.user", "client.address", "query.columns", "query.fingerprint"],
} if {
	data.packs.pii_columns.enabled
	data.packs.pii_columns.log_readers
	scope.named(data.packs.pii_columns.readers)
	some column in input.query.columns
	column.access == "read"
	is_personal(column)
}

is_personal(column) if column.name in data.packs.pii_columns.columns["*"]

is_personal(column) if column.name in data.packs.pii_columns.columns[column.table]

is_personal(column) if {
	column.name == "*"
	count(data.packs.pii_columns.columns[column.table]) > 0
	column.table != "*"
}
