"""Action x hook x protocol mode x transaction state, for the actions that touch requests and answers.

In each cell: the conversation has the form that PostgreSQL's has (who sends what, one ReadyForQuery for each Sync, its status), nothing secret comes
through, the connection works afterwards, and a second connection sees on the server what the cell says.
"""
import json

import pytest

from rig import host
from rig.gateway import Gateway
from support import pgwire
from support.pgwire import SYNC, bind, connect, describe, errors, execute, parse, query

READ = "select id, secret from matrix order by id"
COPY = "copy (select id, secret from matrix order by id) to stdout"
WRITE = "insert into matrix values (9, 'written')"
SETUP = "drop table if exists matrix; create table matrix (id int primary key, secret text); insert into matrix values (1, 'hush-1'), (2, 'hush-2'), (3, 'hush-3')"
REQUEST, RESPONSE = "traffic_from_client", "traffic_to_client"

ACTIONS = {
    "deny": {"deny": {"message": "no"}}, "error": {"error": {"sqlstate": "P0042", "message": "no"}}, "terminate": {"terminate": {"message": "no"}},
    "disconnect": {"disconnect": {"message": "no"}}, "discard": "discard",
    "answer": {"response": {"answer": {"columns": ["id", "secret"], "rows": [[7, "given"]]}}}, "request": {"request": {"limit": 2}},
    "mask": {"response": {"columns": ["matrix.secret"]}}, "drop": {"response": {"drop": ["matrix.secret"]}}, "cap": {"response": {"rows": 1, "columns": ["secret"]}},
}
HOOKS = {REQUEST: ["deny", "error", "terminate", "disconnect", "discard", "answer", "request"],
         RESPONSE: ["deny", "error", "terminate", "disconnect", "discard", "mask", "drop", "cap"]}
REFUSALS = ("deny", "error", "terminate")


def policy(action, hook):
    return (f"policy: matrix\non: [{hook}]\nrules:\n  - name: the rule\n    when: '\"matrix\" in {{t.name | some t in input.query.tables}}'\n"
            f"    then: {json.dumps([ACTIONS[action]])}\n")


def messages(mode, text):
    one = [parse(text), bind(), describe(), execute()]
    other = [parse("select 0"), bind(), describe(), execute()]
    return {"simple": [query(text)], "extended": [*one, SYNC], "pipelined": [*other, *one, *other, SYNC], "described by statement": [parse(text, "s"), describe("S", "s"), bind((), "s"), execute(), SYNC],
            "undescribed": [parse(text), bind(), execute(), SYNC]}[mode]


def rows_of(action, hook, text):
    """The kinds of messages that the statement's answer has, from the description on; None: it is refused."""
    if action in REFUSALS:
        return None
    if text == WRITE:
        return "C"
    begin, row, end = ("H", "d", "cC") if text == COPY else ("T", "D", "C")
    if text == COPY and hook == REQUEST and action == "discard":
        return None
    if action == "answer":
        return "TDC"
    return begin + row * {"discard": 0, "request": 2, "cap": 1}.get(action, 3) + end


def expected(action, hook, mode, text):
    """The kinds of all messages."""
    rows = rows_of(action, hook, text)
    if mode == "simple":
        return rows and rows + "Z"
    described = rows[0] if rows and rows[0] == "T" else "n"
    rest = rows[1:] if described == "T" else rows
    if mode == "extended":
        whole = f"12{described}{rest}Z" if rows else None
    elif mode == "pipelined":
        whole = f"12TDC12{described}{rest}12TDCZ" if rows else None
    elif mode == "described by statement":
        whole = f"1t{described}2{rest}Z" if rows else None
    else:
        whole = f"12{rest}Z" if rows else None
    return whole


def begin_state(wire, state):
    if state != "idle":
        wire.ask(query("begin"))
    if state == "failed":
        wire.ask(query("select 1/0"))


@pytest.fixture(scope="module")
def gateways(request, pg, folder):
    made = {}

    def of(action, hook):
        if (action, hook) not in made:
            gateway = Gateway(request.config.getoption("--binary"), folder / f"matrix-{action}-{hook}", f"{pg.address}:{pg.port}", rules={"matrix.policy.yaml": policy(action, hook)})
            made[action, hook] = gateway.start()
        return made[action, hook]

    yield of
    for gateway in made.values():
        gateway.stop()


CELLS = [(hook, action) for hook, actions in HOOKS.items() for action in actions]


@pytest.mark.parametrize("state", ["idle", "in a transaction", "failed"])
@pytest.mark.parametrize("mode", ["simple", "extended", "pipelined", "described by statement", "undescribed"])
@pytest.mark.parametrize("text", [READ, COPY], ids=["select", "copy"])
@pytest.mark.parametrize("hook, action", CELLS, ids=[f"{h}-{a}" for h, a in CELLS])
def test_reading(hook, action, text, mode, state, gateways, pg):
    pg.sql(SETUP)
    with connect(gateways(action, hook)) as wire:
        pid = wire.pid
        begin_state(wire, state)
        sent = messages(mode, text)
        if action == "disconnect" and (hook == REQUEST or state != "failed"):
            found = wire.send(*sent).until_closed()
            assert found[-1].kind == "E" and found[-1].fields["S"] == "FATAL" and not leaks(found)
            host.wait_until(lambda: pg.sql(f"select count(*) from pg_stat_activity where pid = {pid}") == "0", 10, "the server's session has ended")
            return
        if action == "disconnect" and mode != "pipelined":  # the error is the statement's answer
            assert wire.send(*sent).until_closed()[-1].fields["S"] == "FATAL"
            return
        found = wire.ask(*sent)
        kinds = pgwire.kinds(found)
        if state == "failed":
            assert kinds.count("Z") == 1 and len(errors(found)) == 1 and pgwire.status(found) == "E"
        else:
            whole = expected(action, hook, mode, text)
            if whole is None:
                assert len(errors(found)) == 1 and kinds.endswith("EZ") and "D" not in kinds[kinds.rindex("E"):]
                assert not set(kinds) & set("dH")
            else:
                assert kinds == whole and not errors(found)
            aborted = whole is None and hook == REQUEST
            assert pgwire.status(found) == ("I" if state == "idle" else "E" if aborted else "T")
        if action != "request":
            assert not leaks(found)
        if state != "idle":
            wire.ask(query("rollback"))
        assert wire.rows("select 1") == [("1",)]
        assert pgwire.kinds(wire.ask(parse("select 2"), bind(), execute(), SYNC)) == "12DCZ"
        assert pg.sql(f"select state from pg_stat_activity where pid = {pid}") == "idle"


@pytest.mark.parametrize("state", ["idle", "in a transaction", "failed"])
@pytest.mark.parametrize("mode", ["simple", "extended", "pipelined"])
@pytest.mark.parametrize("hook, action", [c for c in CELLS if c[1] not in ("disconnect", "answer")], ids=[f"{h}-{a}" for h, a in CELLS if a not in ("disconnect", "answer")])
def test_writing(hook, action, mode, state, gateways, pg):
    """On a request a refused or discarded write has not run; on an answer it has."""
    pg.sql(SETUP)
    with connect(gateways(action, hook)) as wire:
        begin_state(wire, state)
        found = wire.ask(*messages(mode, WRITE))
        if state == "failed":
            assert len(errors(found)) == 1 and pgwire.status(found) == "E"
            wire.ask(query("commit"))
        else:
            refused = action in REFUSALS
            assert len(errors(found)) == refused
            if not refused:
                tag = [m.text for m in found if m.kind == "C" and "INSERT" in m.text]
                assert tag == ["INSERT 0 0" if action == "discard" and hook == REQUEST else "INSERT 0 1"]
            if state != "idle":
                wire.ask(query("commit"))
        assert wire.rows("select 1") == [("1",)]
        runs = state != "failed" and (hook == RESPONSE or action == "request")
        assert pg.sql("select count(*) from matrix where id = 9") == ("1" if runs else "0")


def leaks(found):
    return [m for m in found if b"hush" in m.body]


# --- a withheld answer, and behind it a COPY that waits for data

@pytest.fixture(scope="module")
def withholding(request, pg, folder):
    pg.sql("drop table if exists loaded; create table loaded (a int); grant all on loaded to public")
    rules = f"policy: matrix\non: [{RESPONSE}]\nrules:\n  - name: the rule\n    match: {{query.functions: version}}\n    then: [{{deny: {{message: withheld}}}}]\n"
    gateway = Gateway(request.config.getoption("--binary"), folder / "withholding", f"{pg.address}:{pg.port}", rules={"a.policy.yaml": rules})
    yield gateway.start()
    gateway.stop()


def extended(text):
    return [parse(text), bind(), execute()]


IN = "copy loaded from stdin"
BEHIND_WITHHELD = {
    "simple": [[query(f"select version(); {IN}")]],
    "pipeline": [[*extended("select version()"), *extended(IN), SYNC]],
    "Sync later": [[*extended("select version()"), *extended(IN), pgwire.FLUSH], [SYNC]],
    "data too": [[*extended("select version()"), *extended(IN), pgwire.FLUSH], [pgwire.copy_data(b"1\n"), pgwire.COPY_DONE, SYNC]],
}


@pytest.mark.parametrize("steps", BEHIND_WITHHELD.values(), ids=BEHIND_WITHHELD)
def test_a_copy_behind_a_withheld_answer_fails_and_the_session_lives(steps, pg, withholding):
    """The client has been told of an error and sends no data, or PostgreSQL would ignore it: nothing is loaded."""
    with connect(withholding) as wire:
        found = []
        for step in steps[:-1]:
            wire.send(*step)
            found += wire.until("E")
        found += wire.ask(*steps[-1])
        assert [f["M"] for f in errors(found)] == ["withheld"] and pgwire.kinds(found).endswith("EZ")
        assert wire.rows("select 2") == [("2",)]
    assert pg.sql("select count(*) from loaded") == "0"
