package sets

a := {1, 2, 3}

b := {x | some x in input.list}

union_ := a | b

intersection_ := a & b

difference := a - b

empty := set()

nested := {{1, {2}}, {"k": {3}}}

objects := object.union({"a": {"b": 1}}, {"a": {"c": 2}})

removed := json.remove({"a": {"b": 1, "c": [1, 2]}}, ["a/c/0"])

patched := json.patch({"a": 1}, [{"op": "add", "path": "/b", "value": 2}, {"op": "move", "from": "/a", "path": "/c"}])

grouped[length] contains word if {
	some word in input.words
	length := count(word)
}

ordered := sort([{"b": 1}, "x", 3, null, [1], true, {2}])
