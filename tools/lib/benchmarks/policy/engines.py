"""The engines: each answers with nanoseconds a decision, one figure a round. A peer that is not installed is told, not hidden."""
import json
import shutil
import subprocess
import sys
import time

from rig import host


class Absent(Exception):
    """The peer is not on this machine."""


def signalbox(program, workload, files, rounds, seconds):
    policy, data, document = files
    done = subprocess.run([program, policy, data, document, workload.query, str(rounds), str(seconds)], capture_output=True, text=True)
    if done.returncode != 0:
        raise host.Failure(f"bench_policy: {workload.name}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def opa_program():
    for candidate in ("/tmp/opa-bin/opa", shutil.which("opa")):
        if candidate and shutil.which(candidate):
            return candidate
    raise Absent("opa: go install github.com/open-policy-agent/opa@v1.20.2")


def opa(_program, workload, files, rounds, _seconds):
    """`opa bench` chooses its own number of evaluations, about a second of them."""
    policy, data, document = files
    command = [opa_program(), "bench", "--format", "json", "--metrics=false", "--fail=false", "--count", str(rounds), "-d", policy, "-d", data, "-i", document, workload.query]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise host.Failure(f"opa bench: {workload.name}: {(done.stderr or done.stdout).strip()[:300]}")
    decoder, text, ns = json.JSONDecoder(), done.stdout.strip(), []
    while text:
        result, end = decoder.raw_decode(text)
        ns += [each["T"] / each["N"] for each in (result if isinstance(result, list) else [result])]
        text = text[end:].strip()
    return {"ns": ns}


def regopy(_program, workload, files, rounds, seconds):
    """rego-cpp through its Python binding: the query is built once, the input is set once."""
    try:
        import regopy as binding
    except ImportError as absent:
        raise Absent("regopy: pip install regopy") from absent
    interpreter = binding.Interpreter()
    interpreter.add_module("policy.rego", files[0].read_text())
    interpreter.add_data_json(files[1].read_text())
    interpreter.set_input(workload.input)
    bundle = interpreter.build(workload.query)
    ns = []
    for _ in range(rounds):
        calls, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            interpreter.query_bundle(bundle)
            calls += 1
        ns.append((time.perf_counter() - began) * 1e9 / calls)
    return {"ns": ns}


ENGINES = {"signalbox": signalbox, "OPA": opa, "rego-cpp": regopy}


def measure(name, program, workload, files, rounds, seconds):
    """The engine's figures, or None with the reason on stderr."""
    try:
        return ENGINES[name](program, workload, files, rounds, seconds)
    except Absent as absent:
        print(f"tools/bench policy: without {name}: {absent}", file=sys.stderr)
        return None
