"""tag: what a session did before is a fact of what it does next, in every protocol, and nobody else's."""
import json
import pathlib

import pytest

from rig import host
from support.pgwire import SYNC, bind, connect, describe, errors, execute, parse, query, status

SETUP = """
drop table if exists diagnoses, visits;
create table diagnoses (id int, text text);
create table visits (id int);
insert into diagnoses values (1, 'flu');
insert into visits values (1), (2);
"""
#: Who has read diagnoses may copy nothing any more.
TAINT = """
policy: taint
on: [traffic_from_client]
rules:
  - name: remembers
    match: {query.tables.name: diagnoses}
    then: [{tag: {name: tainted, value: "{{ query.kind }}"}}]
  - name: keeps
    match: {query.kind: [copy, notify], session.tags.tainted: [select, delete]}
    then: [{deny: {message: "has read diagnoses: {{ session.tags.tainted }}"}}]
"""
READ, COPY = "select text from diagnoses", "copy visits to stdout"


def codes(messages):
    return [error["C"] for error in errors(messages)]


@pytest.fixture()
def tainting(make_gateway, pg):
    pg.sql(SETUP)
    return make_gateway(rules={"taint.policy.yaml": TAINT})


def test_what_was_read_is_known_afterwards(tainting):
    with connect(tainting) as wire, connect(tainting) as other:
        assert codes(wire.ask(query(COPY))) == []
        assert wire.rows(READ) == [("flu",)]
        refused = wire.ask(query(COPY))
        assert codes(refused) == ["42501"] and errors(refused)[0]["M"] == "has read diagnoses: select"
        assert codes(other.ask(query(COPY))) == []
        assert wire.rows("select count(*) from visits") == [("2",)]
    with connect(tainting) as again:
        assert codes(again.ask(query(COPY))) == [], "a tag ends with its session"


def test_what_was_prepared_before_is_decided_again(tainting):
    with connect(tainting) as wire:
        assert codes(wire.ask(parse("notify x, 'visits'", "mine"), SYNC)) == []
        assert codes(wire.ask(bind(statement="mine"), execute(), SYNC)) == []
        wire.rows(READ)
        assert codes(wire.ask(bind(statement="mine"), execute(), SYNC)) == ["42501"]
        assert codes(wire.ask(query("execute q"))) == ["26000"]


def test_a_pipeline_is_decided_in_its_order(tainting):
    with connect(tainting) as wire:
        answer = wire.ask(parse("notify x"), bind(), execute(), parse(READ), bind(), execute(), parse("notify y"), bind(), execute(), SYNC)
        assert [m.kind for m in answer].count("D") == 1 and codes(answer) == ["42501"]
        assert status(answer) == "I"


def test_statements_of_one_query_know_of_each_other(tainting):
    for text in (f"{READ}; notify x", f"notify x; {READ}"):
        with connect(tainting) as wire:
            answer = wire.ask(query(text))
            assert codes(answer) == ["42501"] and "D" not in [m.kind for m in answer]
            assert codes(wire.ask(query("notify x"))) == ["42501"], "it was asked for"


def test_a_statement_is_decided_before_its_own_tag(make_gateway, pg):
    """Once, and not twice; also where the tag's value is another one each time it is looked at."""
    pg.sql(SETUP)
    rules = """
policy: once
on: [traffic_from_client]
rules:
  - name: notes
    match: {query.tables.name: diagnoses}
    then: [{tag: {name: read_at, value: "{{ time_ns }}"}}, {police: {rate: 100, key: all}}]
  - name: once
    match: {query.tables.name: diagnoses}
    when: "input.session.tags.read_at"
    then: [deny]
"""
    gateway = make_gateway(rules={"once.policy.yaml": rules})
    drivers = [parse(READ, "mine"), describe("S", "mine"), SYNC], [bind(statement="mine"), execute(), SYNC]
    with connect(gateway) as wire:
        assert [codes(wire.ask(*part)) for part in (*drivers, drivers[1])] == [[], [], ["42501"]]
    for ask in (query(READ),), (parse(READ), bind(), execute(), SYNC):
        with connect(gateway) as wire:
            assert [m.columns for m in wire.ask(*ask) if m.kind == "D"] == [[b"flu"]]
            assert codes(wire.ask(*ask)) == ["42501"]
    admitted = sum(row["admitted"] for row in gateway.rest("GET", "/gateway/v1/limits")[1]["limits"])
    assert admitted == 4, "parsed and bound apart twice, together once; what is refused does not count"


def test_what_is_only_prepared_is_not_read(tainting):
    with connect(tainting) as wire:
        assert codes(wire.ask(parse(READ, "mine"), describe("S", "mine"), SYNC)) == []
        assert codes(wire.ask(query("notify x"))) == []
        assert codes(wire.ask(bind(statement="mine"), execute(), SYNC)) == []
        assert codes(wire.ask(query("notify x"))) == ["42501"]


def test_a_portal_that_outlives_its_sync_is_read(tainting):
    with connect(tainting) as wire:
        wire.ask(query("begin"))
        assert codes(wire.ask(parse(READ), bind(portal="later"), SYNC)) == []
        assert codes(wire.ask(execute("later"), SYNC)) == []
        assert codes(wire.ask(query("notify x"))) == ["42501"]


def test_a_tag_that_changes_each_time_does_not_hold_a_query_up(make_gateway, pg):
    pg.sql(SETUP)
    rules = """
policy: times
on: [traffic_from_client]
rules:
  - match: {query.tables.name: diagnoses}
    then: [{tag: {name: read_at, value: "{{ time_ns }}"}}]
"""
    gateway = make_gateway(rules={"times.policy.yaml": rules})
    with connect(gateway) as wire:
        for _ in range(3):
            assert codes(wire.ask(query(f"{READ}; {READ}; select 1"))) == []


def test_a_tag_outlives_its_transaction_and_discard_all(tainting):
    with connect(tainting) as wire:
        for text in ("begin", READ, "rollback", "discard all"):
            assert codes(wire.ask(query(text))) == []
        assert codes(wire.ask(query(COPY))) == ["42501"]


def test_a_refused_statement_leaves_its_tag(make_gateway, pg):
    pg.sql(SETUP)
    rules = """
policy: strikes
on: [traffic_from_client]
rules:
  - name: first
    match: {query.tables.name: diagnoses}
    then: [deny, {tag: {name: tried}}]
  - name: then
    match: {session.tags.tried: "true"}
    then: [{disconnect: {message: out}}]
"""
    gateway = make_gateway(rules={"strikes.policy.yaml": rules})
    with connect(gateway) as wire:
        assert codes(wire.ask(query("select 1"))) == []
        assert codes(wire.ask(query(READ))) == ["42501"]
        assert [e["M"] for e in errors(wire.send(query("select 1")).until_closed())] == ["out"]


@pytest.mark.parametrize("hook", ["connecting", "startup", "authenticated"])
def test_what_is_noted_while_a_connection_is_opened(make_gateway, hook):
    rules = f"""
policy: opening
rules:
  - name: notes
    on: [{hook}]
    then: [{{tag: {{name: came, value: "by {{{{ client.address }}}}"}}}}]
  - name: tells
    then: [{{log: {{message: told, fields: [session.tags, session.tags.came]}}}}]
"""
    gateway = make_gateway(rules={"a.policy.yaml": rules})
    with connect(gateway) as wire:
        assert wire.rows("select 1") == [("1",)]
    path = pathlib.Path(gateway.config["actions"]["audit_log"])
    host.wait_until(lambda: path.exists() and path.read_text().count("told") == 1, 10, "the audit line")
    assert json.loads(path.read_text().splitlines()[-1])["fields"] == {"session.tags": {"came": "by 127.0.0.1"}, "session.tags.came": "by 127.0.0.1"}


def test_there_are_bounds(make_gateway):
    many = "\n".join(f"  - then: [{{tag: {{name: n{i}}}}}]" for i in range(65))
    gateway = make_gateway(rules={"a.policy.yaml": f"policy: many\non: [traffic_from_client]\nrules:\n{many}\n"})
    with connect(gateway) as wire:
        refused = wire.ask(query("select 1"))
        assert codes(refused) == ["58000"]
