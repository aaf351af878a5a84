"""The files that the tests write into their folders: policies, good and bad, data and an input."""

POLICY = """package app

import rego.v1

default allow := false

# METADATA
# title: over the limit
allow if {
	some x in input.xs
	x > 3
}

names contains n if some n in ["b", "a<&>"]

double(x) := y if y := x * 2

roles[user] := role if {
	some user, role in data.users
	not role == ""
}

total := sum([n | n := input.xs[_]]) if every x in input.xs { x > 0 } else := 0

noisy := x if {
	x := double(4)
	print("x is", x)
	trace("noted")
}
"""
CONFLICT = "package conflict\n\nc := 1 if true\n\nc := 2 if true\n"
V0 = "package   a\nimport data.x\np[x] { x := input.y[_]; x == 1 }\nq = 1 { true }\nf(x) = y { y := x }\ndefault r = false\n" \
     "r { input.z } else = 2 { input.w }\n"
FILES = {
    "app.rego": POLICY,
    "conflict.rego": CONFLICT,
    "ugly.rego": "package   ugly\np   if   { 1==1 }\n",
    "bad.rego": "package bad\n\np if {\n\tx ==\n}\n",
    "unsafe.rego": "package unsafe\n\np if x > 1\n\nq if y\n",
    "v0.rego": V0,
    "data.json": '{"users": {"ann": "admin", "eve": ""}, "big": 12345678901234567890.10}',
    "more/anything.yaml": "list: [1, 2]\n",
    "input.json": '{"xs": [1, 4], "user": "ann"}',
}
