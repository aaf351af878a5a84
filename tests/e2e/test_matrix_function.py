"""Actions on the protocol's FunctionCall, in every state of the transaction, each against a real PostgreSQL: the client sees a valid conversation and
goes on working, and the server is in the state that the client was told of. A function call has no text: what would edit one refuses it."""
import json

import pytest

from rig import host
from support.pgwire import SYNC, Closed, bind, connect, errors, execute, function_call, kinds, parse, query, status
from support.rules import policy_text
from test_matrix_lane import ACTIONS, ENDS, STATES

INT4PL, INT4DIV = 177, 154
CALLS = {"runs": (function_call(INT4PL, [b"20", b"22"]), None), "fails": (function_call(INT4DIV, [b"1", b"0"]), "22012"), "is not there": (function_call(1), "42883")}
# What cannot be done to a function call.
OTHERWISE = {"request_timeout": "0A000", "limit_rows": None}


@pytest.fixture(scope="module")
def made(request, folder, pg):
    from rig.gateway import Gateway
    shared = {}

    def make(name, then):
        if name not in shared:
            plain = {"address": f"127.0.0.1:{pg.port}", "tls": {"mode": "disable"}}
            rules = {"call.policy.yaml": policy_text("call", "traffic_from_client", then, "query.protocol: function_call").replace("PORT", str(pg.port))}
            shared[name] = Gateway(request.config.getoption("--binary"), folder / f"function-{name}", f"127.0.0.1:{pg.port}", rules=rules,
                                   config={"targets": [{"name": "main", **plain}, {"name": "spare", "address": "127.0.0.1:1", "role": "replica"}, {"name": "second", **plain}], "gateway": {"forward_networks": ["127.0.0.0/8"]}}).start()
        return shared[name]

    yield make
    for one in shared.values():
        one.stop()


def begin(wire, state):
    if state != "idle":
        assert status(wire.ask(query("begin"))) == "T"
    if state == "failed":
        assert status(wire.ask(query("select 1/0"))) == "E"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ACTIONS)
def test_calls(made, pg, action, state):
    then, refused = ACTIONS[action]
    refused = OTHERWISE.get(action, refused)
    gateway = made(action, then)
    for call, (message, fails) in CALLS.items():
        marker = f"function {action} {state}"
        with connect(gateway, application_name=marker) as wire:
            begin(wire, state)
            answer = wire.ask(message)
            aborted = action == "set_bad_continue" and state == "transaction"
            wanted = "25P02" if state == "failed" or aborted else refused or fails
            assert [e["C"] for e in errors(answer)] == ([wanted] if wanted else []), (call, errors(answer))
            shape = kinds(answer).replace("S", "").replace("N", "")
            assert shape == ("EZ" if wanted else "VZ"), call
            told = status(answer)
            assert told == ("I" if state == "idle" else "E" if wanted else "T"), call
            if told == "T":
                assert pg.sql(f"select state from pg_stat_activity where application_name = '{marker}'") == "idle in transaction"
            if state != "idle":
                assert [m.text for m in wire.ask(query("commit")) if m.kind == "C"] == ["ROLLBACK" if told == "E" else "COMMIT"]
            assert wire.rows("select 42") == [("42",)]
            assert [m.columns for m in wire.ask(parse("select $1::int"), bind(["7"]), execute(), SYNC) if m.kind == "D"] == [[b"7"]]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ENDS)
def test_ends(made, pg, action, state):
    then, code, answers = ENDS[action]
    gateway, marker = made(f"end-{action}", [then]), f"function {action} {state}"
    with connect(gateway, application_name=marker) as wire:
        begin(wire, state)
        found, receive = [], wire.receive
        wire.receive = lambda: found.append(receive()) or found[-1]
        try:
            wire.ask(CALLS["runs"][0])
            assert answers
            if state != "idle":
                wire.ask(query("commit"))
            wire.until_closed()
        except (Closed, OSError):
            assert not answers
        assert [(e["S"], e["C"]) for e in errors(found) if e["S"] == "FATAL"] == ([("FATAL", code)] if code else [])
        host.wait_until(lambda: pg.sql(f"select count(*) from pg_stat_activity where application_name = '{marker}'") == "0", 10, "the server has let it go")


# --- on the way back: what a call gives is one answer, and its end

BLOB_SIZES = [3, 100_000, 5_000_000]
# What is asked for, the SQLSTATE that the call then ends with, and whether its value is shown.
ANSWERS = {
    "log": ({"log": {"message": "answered", "fields": ["query.kind", "response.error.sqlstate"]}}, None, True),
    "deny": ({"deny": {}}, "42501", False),
    "error": ({"error": {"sqlstate": "P0042", "message": "no"}}, "P0042", False),
    "terminate": ({"terminate": {"message": "no"}}, "42501", False),
    "discard": ("discard", None, False),
    "mask": ({"response": {"columns": ["no_such_table.secret"]}}, "42501", False),
    "cap": ({"response": {"rows": 1}}, None, True),
    "cap_none": ({"response": {"rows": 0}}, None, False),
}


@pytest.fixture(scope="module")
def blob(pg):
    pg.sql("drop function if exists matrix_blob; create function matrix_blob(int) returns text language sql as $$ select repeat('x', $1) $$")
    return int(pg.sql("select 'matrix_blob'::regproc::oid"))


@pytest.fixture(scope="module")
def answering(request, folder, pg):
    from rig.gateway import Gateway
    shared = {}

    def make(name, hook, then):
        if (name, hook) not in shared:
            rules = {"call.policy.yaml": policy_text("call", hook, [then], "query.protocol: function_call")}
            shared[name, hook] = Gateway(request.config.getoption("--binary"), folder / f"answer-{name}-{hook}", f"127.0.0.1:{pg.port}", rules=rules).start()
        return shared[name, hook]

    yield make
    for one in shared.values():
        one.stop()


def lines(gateway):
    path = gateway.folder / "audit.log"
    return [line for line in map(json.loads, path.read_text().splitlines()) if line["message"] == "answered"] if path.exists() else []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("hook", ["traffic_from_server", "traffic_to_client"])
@pytest.mark.parametrize("action", ANSWERS)
def test_answers(answering, pg, blob, action, hook, state):
    then, refused, shown = ANSWERS[action]
    gateway = answering(action, hook, then)
    before = len(lines(gateway)) if action == "log" else 0
    with connect(gateway) as wire:
        begin(wire, state)
        for size in BLOB_SIZES:
            answer = wire.ask(function_call(blob, [str(size).encode()]))
            if state == "failed":
                assert status(answer) == "E" and len(errors(answer)) == 1 and "V" not in kinds(answer)
                continue
            assert [e["C"] for e in errors(answer)] == ([refused] if refused else [])
            assert kinds(answer) == ("EZ" if refused else "VZ") and status(answer) == ("I" if state == "idle" else "T")
            assert refused or len(answer[0].body) == (4 + size if shown else 4)
        if state != "idle":
            wire.ask(query("rollback"))
        assert wire.rows("select 42") == [("42",)]
        assert kinds(wire.ask(CALLS["fails"][0])) == "EZ" and kinds(wire.ask(parse("select 1"), bind(), execute(), SYNC)) == "12DCZ"
    if action == "log":  # each call once, whatever became of it
        codes = {"failed": ["25P02"]}.get(state, [None]) * len(BLOB_SIZES) + ["22012"]
        found = host.wait_until(lambda: (all_lines := lines(gateway)[before:]) and len(all_lines) >= len(codes) and all_lines, 10, "the lines of the log")
        assert [one["fields"].get("response.error.sqlstate") for one in found] == codes


@pytest.mark.parametrize("state", STATES)
def test_bytes_of_a_call_are_limited(made, blob, state):
    gateway = made("limit_bytes", [{"limit": {"bytes": 1000}}])
    with connect(gateway) as wire:
        begin(wire, state)
        assert kinds(wire.ask(function_call(blob, [b"10"]))) == ("EZ" if state == "failed" else "VZ")
        for size in BLOB_SIZES[1:]:
            answer = wire.ask(function_call(blob, [str(size).encode()]))
            assert [e["C"] for e in errors(answer)] == ["25P02" if state == "failed" else "53400"] and kinds(answer) == "EZ"
            assert status(answer) == ("I" if state == "idle" else "E")
            if state == "transaction":
                assert [e["C"] for e in errors(wire.ask(query("select 1")))] == ["25P02"]
                wire.ask(query("rollback")), begin(wire, state)
        if state != "idle":
            wire.ask(query("rollback"))
        assert wire.rows("select 42") == [("42",)]
