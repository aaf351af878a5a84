"""A decision's cost in rego-cpp, through its Python binding; the query is built once, the input is set once.

  rego_cpp.py POLICY DATA INPUT QUERY

Prints {"result": ..., "load_seconds": ...} when it is ready; then, for each line SECONDS on standard input, the
nanoseconds of a decision over at least that time.
"""
import json
import pathlib
import sys
import time

import regopy

policy, data, document = (pathlib.Path(name).read_text() for name in sys.argv[1:4])
began = time.perf_counter()
interpreter = regopy.Interpreter()
interpreter.add_module("policy.rego", policy)
interpreter.add_data_json(data)
bundle = interpreter.build(sys.argv[4])
load = time.perf_counter() - began
interpreter.set_input(json.loads(document))
answer = json.loads(str(interpreter.query_bundle(bundle)))
print(json.dumps({"result": answer["expressions"][0], "load_seconds": load}), flush=True)
for line in sys.stdin:
    calls, began = 0, time.perf_counter()
    while time.perf_counter() - began < float(line):
        interpreter.query_bundle(bundle)
        calls += 1
    print((time.perf_counter() - began) * 1e9 / calls, flush=True)
