# METADATA
# title: x
package a.b

import rego.v1
import data.foo.bar as baz
import future.keywords.not

# METADATA
# schemas:
# - input: {type: object}
# custom: {a: [1,2]}
p.q[x] := {1,2,1,x} if { x := input.a[_]; not x == 2; not { x } }
f.g(x) if x > 1
f(x, [y]) := {"b": 1, "a": y} if { every k, v in x { k == v } } else := 3 if { some z; z = 1 }
s contains x if some x in [1,2]
p.q := 3
default r := false
q if startswith("a", "b") with input.x as 3
t[y] if y := 1
u.v if true
w := $"a {input.x} b"
z := [x | x := [1][_]; {a: 1 | a := "x"}; {b | b := 2}]
