package golden

allow if every table in input.tables {
	startswith(table, "public.")
}
