"""Actions on the protocol's FunctionCall, in every state of the transaction, each against a real PostgreSQL: the client sees a valid conversation and
goes on working, and the server is in the state that the client was told of. A function call has no text: what would edit one refuses it."""
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
