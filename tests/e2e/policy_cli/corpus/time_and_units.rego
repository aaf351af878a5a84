package office.hours

opening := {"Monday": [8, 18], "Tuesday": [8, 18], "Wednesday": [8, 20], "Saturday": [10, 12]}

at := time.parse_rfc3339_ns(input.at)

day := time.weekday([at, "Europe/Berlin"])

open if {
	[from, until] := opening[day]
	[hour, _, _] := time.clock([at, "Europe/Berlin"])
	from <= hour
	hour < until
}

age := time.diff(at, time.parse_rfc3339_ns("2001-02-28T00:00:00Z"))

next := time.format([time.add_date(at, 0, 1, -1), "America/New_York", "RFC1123"])

size := units.parse_bytes(input.size)

share := round((units.parse("1500m") / 7) * 1000) / 1000

ranges := [numbers.range(3, 1), numbers.range_step(0, 10, 5)]
