"""Shared by the Python clients: one value of each type, and how a transcript line looks."""

SAMPLES = [
    ("null", "null::int"),
    ("bool", "true"),
    ("int2", "(-32768)::int2"),
    ("int8", "9223372036854775807::int8"),
    ("float8", "'-1.5e-300'::float8"),
    ("numeric", "123456789012345678901234567890.0123456789::numeric"),
    ("text", "'grüße, 世界 \U0001f600'::text"),
    ("bytea", r"'\x00ff10'::bytea"),
    ("date", "'1999-12-31'::date"),
    ("timestamptz", "'2026-11-22 10:00:00.123456+02'::timestamptz at time zone 'UTC'"),
    ("interval", "'1 day 02:03:04.5'::interval"),
    ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid::text"),
    ("json", """'{"a": [1, null]}'::jsonb"""),
    ("int array", "array[[1,2],[3,null]]::int[]"),
    ("text array", "array['a', 'b,c', null]::text[]"),
    ("inet", "'10.0.0.0/8'::inet::text"),
]


def show(label, *values):
    print(label, *(repr(value) for value in values), flush=True)
