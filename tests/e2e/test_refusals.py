"""A refusal has PostgreSQL's own look, in every protocol mode and transaction state.

The yardstick: the same messages, sent to PostgreSQL itself, with a statement that PostgreSQL refuses where the
gateway's policy refuses one. Shape of the answer, transaction status and what was committed must be the same.
"""
import json

import pytest

from rig import host
from rig.gateway import Gateway
from support import pgwire
from support.pgwire import FLUSH, SYNC, bind, close, connect, copy_data, describe, errors, execute, parse, query

POLICY = """
policy: guard
on: [traffic_from_client]
rules:
  - name: unbounded write
    match: {query.kind: [delete, update], query.has_where: false}
    then:
      - deny: {sqlstate: "42501", message: "a write without WHERE is not allowed"}
"""
REFUSED = "delete from refusals"
REFUSED_BY_POSTGRESQL = "delete from no_such_table_at_all"


def insert(value):
    return f"insert into refusals values ({value})"


def extended(text, **names):
    return [parse(text), bind(), describe(), execute()]


# name: rounds of (messages made with the refused statement's text, ReadyForQuery to wait for)
SCENES = {
    "simple": lambda bad: [([query(bad)], 1), ([query(insert(1))], 1)],
    "simple in a transaction": lambda bad: [([query("begin")], 1), ([query(insert(1))], 1), ([query(bad)], 1), ([query("select 1")], 1), ([query("commit")], 1), ([query(insert(2))], 1)],
    "two queries in one segment": lambda bad: [([query(bad), query(insert(1))], 2)],
    "two refusals in one segment": lambda bad: [([query(bad), query(bad), query("select 1")], 3)],
    "permitted then refused in one segment": lambda bad: [([query(insert(1)), query(bad), query(insert(2))], 3)],
    "in a transaction, one segment": lambda bad: [([query("begin"), query(bad), query(insert(1)), query("commit")], 4)],
    "savepoint": lambda bad: [([query("begin")], 1), ([query("savepoint s")], 1), ([query(insert(1))], 1), ([query(bad)], 1), ([query("rollback to s")], 1), ([query(insert(2))], 1), ([query("commit")], 1)],
    "extended": lambda bad: [([*extended(bad), SYNC], 1), ([*extended(insert(1)), SYNC], 1)],
    "extended in a transaction": lambda bad: [([query("begin")], 1), ([*extended(insert(1)), SYNC], 1), ([*extended(bad), SYNC], 1), ([*extended(insert(2)), SYNC], 1), ([query("rollback")], 1)],
    "pipeline: first": lambda bad: [([*extended(bad), *extended(insert(1)), SYNC], 1)],
    "pipeline: middle": lambda bad: [([*extended(insert(1)), *extended(bad), *extended(insert(2)), SYNC], 1)],
    "pipeline: last": lambda bad: [([*extended(insert(1)), *extended(insert(2)), *extended(bad), SYNC], 1)],
    "pipeline: refused, sync, permitted": lambda bad: [([*extended(insert(1)), SYNC, *extended(bad), SYNC, *extended(insert(2)), SYNC], 3)],
    "pipeline in a transaction": lambda bad: [([*extended("begin"), *extended(insert(1)), SYNC, *extended(bad), *extended(insert(2)), SYNC, *extended("commit"), SYNC], 3)],
    "named statement": lambda bad: [([parse(bad, "s"), SYNC], 1), ([bind((), "s"), execute(), SYNC], 1), ([parse(insert(1), "s"), bind((), "s"), execute(), SYNC], 1)],
    "named statement keeps its old meaning": lambda bad: [([parse(insert(1), "s"), SYNC], 1), ([close("S", "s"), parse(bad, "s"), SYNC], 1), ([bind((), "s"), execute(), SYNC], 1)],
    "refused, several syncs": lambda bad: [([parse(bad), SYNC, SYNC, SYNC], 3), ([query(insert(1))], 1)],
    "query before sync": lambda bad: [([parse(bad), query(insert(1)), SYNC], 1), ([query(insert(2))], 1)],
    "terminate behind it": lambda bad: [([query(bad)], 1), ([query("begin"), query(bad)], 2)],
    "while a portal is open": lambda bad: [([query("begin")], 1), ([parse("select generate_series(1, 10)"), bind(portal="p"), execute("p", 3), SYNC], 1), ([*extended(bad), SYNC], 1), ([execute("p"), SYNC], 1), ([query("rollback")], 1)],
    "after an error of the server": lambda bad: [([query("begin")], 1), ([query("select 1/0")], 1), ([query("rollback")], 1), ([query(bad)], 1)],
    "in a failed transaction": lambda bad: [([query("begin")], 1), ([query("select 1/0")], 1), ([query(bad)], 1), ([query(bad), query(bad)], 2), ([query("rollback")], 1), ([query(insert(1))], 1)],
    "in a failed transaction, extended": lambda bad: [([query("begin")], 1), ([query("select 1/0")], 1), ([*extended(bad), SYNC], 1), ([parse(bad, "s"), SYNC], 1), ([query("commit")], 1)],
    "a transaction that fails and ends in one segment": lambda bad: [([query("begin"), query("select 1/0"), query(bad), query("rollback"), query(bad), query(insert(1))], 6)],
    "refused twice in a transaction": lambda bad: [([query("begin")], 1), ([query(insert(1))], 1), ([query(bad)], 1), ([query(bad)], 1), ([*extended(bad), SYNC], 1), ([query("commit")], 1), ([query(bad)], 1)],
    "refused behind a savepoint in a failed transaction": lambda bad: [([query("begin")], 1), ([query("savepoint s")], 1), ([query("select 1/0")], 1), ([query(bad)], 1), ([query("rollback to s")], 1), ([query(bad)], 1), ([query("rollback")], 1)],
    "unnamed statement ends the one before it": lambda bad: [([parse("select 1"), SYNC], 1), ([parse(bad), SYNC], 1), ([bind(), execute(), SYNC], 1)],
    "unnamed statement, in a transaction": lambda bad: [([query("begin")], 1), ([parse("select 1"), SYNC], 1), ([parse(bad), SYNC], 1), ([bind(), execute(), SYNC], 1), ([query("rollback")], 1), ([bind(), execute(), SYNC], 1)],
    "named statement leaves the unnamed one": lambda bad: [([parse("select 1"), SYNC], 1), ([parse(bad, "s"), SYNC], 1), ([bind(), execute(), SYNC], 1)],
    "copy behind it": lambda bad: [([query(bad)], 1), ([query("copy refusals from stdin"), copy_data(b"5\n"), pgwire.COPY_DONE], 1)],
}


# A Query with several statements, one of them refused: PostgreSQL treats one with a syntax error the same way.
SEVERAL = {
    "first": lambda bad: [([query(f"{bad}; {insert(1)}")], 1), ([query(insert(2))], 1)],
    "middle": lambda bad: [([query(f"{insert(1)}; {bad}; {insert(2)}")], 1), ([query(insert(3))], 1)],
    "last": lambda bad: [([query(f"{insert(1)}; {insert(2)}; {bad};")], 1)],
    "in a transaction": lambda bad: [([query("begin")], 1), ([query(insert(1))], 1), ([query(f"{insert(2)}; {bad}")], 1), ([query("commit")], 1), ([query(insert(3))], 1)],
    "a transaction of its own": lambda bad: [([query(f"begin; {insert(1)}; {bad}; commit")], 1), ([query(insert(2))], 1)],
    "behind a commit": lambda bad: [([query("begin")], 1), ([query(insert(1))], 1), ([query(f"commit; {bad}")], 1), ([query("commit")], 1)],
    "in one segment with others": lambda bad: [([query(insert(1)), query(f"{insert(2)}; {bad}; {insert(3)}"), query(insert(4))], 3)],
}
SYNTAX_ERROR = "delete from where"


def shape(message):
    """What must be alike: everything but the refused statement's own words and place."""
    if message.kind == "E":
        fields = message.fields
        return "E", fields["S"], fields["V"], fields["C"] if fields["C"] not in ("42501", "42P01", "42601") else "refused"
    return message.brief()


def play(server, rounds, step=None):
    server_sql = "create table if not exists refusals (a int); truncate refusals"
    with connect(server) as wire:
        wire.ask(query(server_sql))
        answer = [[shape(m) for m in wire.ask(*messages, step=step, ready=ready)] for messages, ready in rounds]
    with connect(server) as wire:
        return answer, wire.rows("select a from refusals order by a")


@pytest.fixture(scope="module")
def guarded(request, pg, folder):
    gateway = Gateway(request.config.getoption("--binary"), folder / "guarded", f"{pg.address}:{pg.port}",
                      rules={"guard.policy.yaml": POLICY})
    yield gateway.start()
    gateway.stop()


@pytest.mark.parametrize("step", [None, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("name", SCENES)
def test_as_postgresql_refuses(name, step, pg, guarded):
    expected = play(pg, SCENES[name](REFUSED_BY_POSTGRESQL))
    assert play(guarded, SCENES[name](REFUSED), step) == expected


@pytest.mark.parametrize("step", [None, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("name", SEVERAL)
def test_one_refused_statement_refuses_the_query(name, step, pg, guarded):
    expected = play(pg, SEVERAL[name](SYNTAX_ERROR))
    assert play(guarded, SEVERAL[name](REFUSED), step) == expected


def test_what_ends_a_failed_transaction_is_refused_in_the_policys_words(make_gateway):
    """PostgreSQL never says 25P02 to ROLLBACK, so neither do we."""
    gateway = make_gateway(rules={"guard.policy.yaml": "policy: stay\nrules:\n  - name: x\n    match: {query.kind: rollback}\n    then: [{deny: {message: stay}}]\n"})
    with connect(gateway) as wire:
        wire.ask(query("begin"))
        wire.ask(query("select 1/0"))
        answer = wire.ask(query("rollback"))
        assert errors(answer)[0]["M"] == "stay" and pgwire.status(answer) == "E"


def test_the_errors_fields(guarded):
    with connect(guarded) as wire:
        fields = errors(wire.ask(query(REFUSED)))[0]
    assert fields["S"] == fields["V"] == "ERROR" and fields["C"] == "42501"
    assert fields["M"] == "a write without WHERE is not allowed"


def test_refused_with_flush_answers_at_once(guarded):
    """A client that flushes and does not sync still learns of the refusal, and nothing follows until Sync."""
    with connect(guarded) as wire:
        wire.send(parse(REFUSED), FLUSH)
        assert wire.receive().fields["C"] == "42501"
        wire.send(*extended("select 1"), FLUSH)
        assert wire.quiet()
        assert pgwire.kinds(wire.ask(SYNC)) == "Z"
        assert wire.rows("select 1") == [("1",)]


def test_several_statements_in_one_query_are_refused_as_one(pg, guarded):
    """One refused statement refuses the whole message, and nothing of it is kept."""
    with connect(guarded) as wire:
        wire.ask(query("create table if not exists refusals (a int); truncate refusals"))
        answer = wire.ask(query(f"{insert(1)}; {REFUSED}; {insert(2)}"))
        assert pgwire.kinds(answer) == "EZ" and pgwire.status(answer) == "I"
        assert wire.rows("select count(*) from refusals") == [("0",)]


def test_statement_prepared_by_sql_is_decided_where_its_text_is(guarded):
    with connect(guarded) as wire:
        assert errors(wire.ask(query(f"prepare p as {REFUSED}")))[0]["C"] == "42501"


def test_many_refusals_leave_the_session_whole(guarded):
    with connect(guarded) as wire:
        for _ in range(300):
            assert pgwire.kinds(wire.ask(query(REFUSED))) == "EZ"
        answer = wire.ask(*[m for _ in range(300) for m in (*extended(REFUSED), SYNC)], ready=300)
        assert pgwire.kinds(answer) == "EZ" * 300
        assert wire.rows("select 1") == [("1",)]


def test_statement_prepared_before_the_policy_is_decided_when_executed(pg, make_gateway):
    """A policy loaded while a session is open holds for what it prepared before (bypass P4)."""
    gateway = make_gateway(rules={})
    with connect(gateway) as wire:
        wire.ask(query("create table if not exists refusals (a int); truncate refusals; insert into refusals values (1)"))
        assert pgwire.kinds(wire.ask(parse(REFUSED, "s"), SYNC)) == "1Z"
        gateway.write_rules(POLICY)
        host.wait_until(lambda: errors(wire.ask(query(f"begin; {REFUSED} ; rollback"))), 10, "the policy takes effect")
        if pgwire.status(wire.ask(SYNC)) != "I":
            wire.ask(query("rollback"))
        assert [e["C"] for e in errors(wire.ask(bind((), "s"), execute(), SYNC))] == ["42501"]
        assert wire.rows("select count(*) from refusals") == [("1",)]


@pytest.mark.parametrize("action, sqlstate, lives", [
    ({"deny": {"message": "no"}}, "42501", True),
    ({"error": {"sqlstate": "P0042", "message": "own words", "detail": "a detail", "hint": "a hint"}}, "P0042", True),
    ({"terminate": {}}, None, True),
    ({"disconnect": {"message": "go away"}}, None, False),
])
def test_verdicts(action, sqlstate, lives, make_gateway):
    rules = POLICY[:POLICY.index("    then:")] + f"    then: [{json.dumps(action)}]\n"
    gateway = make_gateway(rules={"guard.policy.yaml": rules})
    with connect(gateway) as wire:
        wire.ask(query("create table if not exists refusals (a int)"))
        if not lives:
            last = wire.send(query(REFUSED)).until_closed()
            assert [m.fields["S"] for m in last if m.kind == "E"] == ["FATAL"]
            return
        found = errors(wire.ask(query(REFUSED)))[0]
        assert sqlstate is None or found["C"] == sqlstate
        parameters = next(iter(action.values()))
        assert all(found[key] == parameters[name] for key, name in (("D", "detail"), ("H", "hint")) if name in parameters)
        assert wire.rows("select 1") == [("1",)]


def test_unparsable_text_is_an_error_either_way(guarded):
    """What PostgreSQL's grammar rejects reaches nobody as permitted: the client gets a syntax error either way."""
    with connect(guarded) as wire:
        assert pgwire.kinds(wire.ask(query("selec 1"))) == "EZ"
        assert wire.rows("select 1") == [("1",)]


def test_execute_during_copy_does_not_wait_for_ever(pg, make_gateway):
    """With something prepared refused by later policies, an Execute waits for answers; a COPY's comes from the client."""
    gateway = make_gateway(rules={}, config={"gateway": {"threads": 1}})
    with connect(gateway) as wire, connect(gateway) as other:
        wire.ask(query("create temp table refusals (a int)"))
        wire.ask(parse(REFUSED, "s"), SYNC)
        gateway.write_rules(POLICY)
        host.wait_until(lambda: errors(wire.ask(query(REFUSED))), 10, "the policy takes effect")
        wire.send(query("copy refusals from stdin")).until("G")
        wire.send(copy_data(b"1\n"), execute(), SYNC)
        assert other.rows("select 1") == [("1",)]
        assert errors(wire.until_closed())[0]["C"] == "08P01"  # PostgreSQL loses step with such a client, and says so
    with connect(gateway) as wire:
        assert wire.rows("select 1") == [("1",)]


@pytest.mark.parametrize("last", ["query", "pipeline"])
def test_what_was_flushed_before_does_not_commit(last, pg, guarded):
    """All is answered behind a Flush, but the pipeline's transaction is open: a refused Query ends it as an error would."""
    def play_flushed(server, bad):
        with connect(server) as wire:
            wire.ask(query("create table if not exists refusals (a int); truncate refusals"))
            wire.send(*extended(insert(1)), FLUSH).until("C")
            found = wire.ask(*([query(bad)] if last == "query" else [*extended(bad), SYNC]))
            return [shape(m) for m in found + wire.ask(SYNC)], wire.rows("select a from refusals")

    assert play_flushed(guarded, REFUSED) == play_flushed(pg, REFUSED_BY_POSTGRESQL)
