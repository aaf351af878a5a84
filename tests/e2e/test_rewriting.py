"""Statements that policies edit: what PostgreSQL makes of the new text, in every way in which a text can come."""
import json

import pytest

from rig import host
from support import pgwire
from support.pgwire import SYNC, bind, connect, describe, errors, execute, parse, query

SETUP = """
drop table if exists parcels, parcels_archive, labels cascade; drop schema if exists tenant_b cascade;
create table parcels (id int primary key, tenant text, note text); create table parcels_archive (id int, tenant text, note text);
create table labels (parcel int, label text); create schema tenant_b; create table tenant_b.parcels (id int, tenant text, note text);
insert into parcels values (1, 'a', 'one'), (2, 'b', 'two'), (3, 'a', 'three'), (4, 'b', 'four');
insert into parcels_archive values (9, 'a', 'old'); insert into labels values (1, 'red'), (2, 'blue'), (4, 'green'); insert into tenant_b.parcels values (7, 'b', 'seven');
"""


def policy(then, extra=""):
    return f"policy: edits\non: [traffic_from_client]\nrules:\n  - name: the rule\n    then: {json.dumps(then)}\n{extra}"


def text(messages):
    return [tuple(None if v is None else v.decode() for v in m.columns) for m in messages if m.kind == "D"]


@pytest.fixture(autouse=True)
def tables(pg):
    pg.sql(SETUP)


BY_TENANT = [{"request": {"where": {"parcels": "tenant = $1"}, "values": ["{{ session.user }}"]}}]


@pytest.fixture
def tenants(make_gateway, pg):
    """Users a and b see their own parcels only."""
    pg.sql("do $$ begin create role a login; create role b login; exception when duplicate_object then null; end $$; grant all on all tables in schema public to a, b")
    return make_gateway(rules={"e.policy.yaml": policy(BY_TENANT)})


READS = [
    ("select id from parcels order by id", ["1", "3"]),
    ("select p.id from public.parcels p where id > 1 or true order by 1", ["1", "3"]),
    ("select max(id) from parcels", ["3"]),
    ("select l.label, p.id from labels l left join parcels p on p.id = l.parcel order by l.parcel", ["red", "blue", "green"]),
    ("with x as (select * from parcels) select id from x order by id", ["1", "3"]),
    ("with parcels as (select 5 as id) select id from parcels", ["5"]),
    ("select id from labels l, lateral (select id from parcels where id = l.parcel) x", ["1"]),
    ("select (select count(*) from parcels)", ["2"]),
    ("select id from parcels union all select id from parcels order by 1", ["1", "1", "3", "3"]),
    ("select parcel from labels where parcel in (select id from parcels)", ["1"]),
    ("table parcels", ["1", "3"]),
]


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
@pytest.mark.parametrize("statement, ids", READS, ids=[s for s, _ in READS])
def test_a_condition_holds_wherever_a_table_is_read(statement, ids, mode, tenants):
    messages = {"simple": [query(statement)], "extended": [parse(statement), bind(), describe(), execute(), SYNC],
                "prepared": [parse(statement, "s"), SYNC, bind((), "s"), execute(), SYNC]}[mode]
    with connect(tenants, user="a") as wire:
        found = wire.ask(*messages, ready=2 if mode == "prepared" else 1)
        assert not errors(found) and [row[0] for row in text(found)] == ids


def test_writes(tenants, pg):
    with connect(tenants, user="a") as wire:
        assert [m.text for m in wire.ask(query("update parcels set note = 'mine'")) if m.kind == "C"] == ["UPDATE 2"]
        assert [m.text for m in wire.ask(query("delete from parcels p using labels l where l.parcel = p.id")) if m.kind == "C"] == ["DELETE 1"]
        found = wire.ask(query("insert into parcels values (2, 'a', 'theirs') on conflict (id) do update set note = 'stolen'"))
        assert [m.text for m in found if m.kind == "C"] == ["INSERT 0 0"]
        for statement in ("truncate parcels", "copy parcels to stdout", "select 1; select 2", "lock table parcels"):
            assert errors(wire.ask(query(statement)))[0]["C"] == "0A000"
    assert pg.sql("select string_agg(id || note, ' ' order by id) from parcels") == "2two 3mine 4four"


def test_cursors_and_prepared_statements(tenants):
    with connect(tenants, user="a") as wire:
        wire.ask(query("begin"))
        assert not errors(wire.ask(query("declare c cursor for select id from parcels order by id")))
        assert text(wire.ask(query("fetch all from c"))) == [("1",), ("3",)]
        wire.ask(query("commit"))
        assert not errors(wire.ask(query("prepare p as select id from parcels where id > $1")))
        assert text(wire.ask(query("execute p(1)"))) == [("3",)]
        found = wire.ask(parse("select id from parcels where id >= $1 order by id", types=[23]), bind(["1"]), describe(), execute(), bind(["2"]), execute(), SYNC)
        assert pgwire.kinds(found) == "12TDDC2DCZ"


def test_what_stands_in_a_string_is_refused(tenants, pg):
    """It cannot be edited, so it does not run."""
    with connect(tenants, user="a") as wire:
        for statement in ("do $$ begin update parcels set note = 'x'; end $$", "do $$ declare r record; begin for r in select * from parcels loop raise notice '%', r.note; end loop; end $$",
                          "do $$ begin execute 'update parcels ' || 'set note = 1'; end $$", "select query_to_xml('table parcels', true, true, '')", "select table_to_xml('parcels', true, true, '')",
                          "create function pg_temp.f() returns setof parcels language sql as 'table parcels'", "create function pg_temp.f() returns setof parcels language plpgsql as 'begin return query table parcels; end'"):
            for messages in ([query(statement)], [parse(statement), bind(), execute(), SYNC]):
                found = wire.ask(*messages)
                assert [e["C"] for e in errors(found)] == ["0A000"] and not text(found), statement
        assert errors(wire.ask(query("do $$ begin perform count(*) from labels; end $$"))) == []
    assert pg.sql("select count(*) from parcels where note = 'x'") == "0"


def test_a_value_cannot_become_sql(make_gateway):
    gateway = make_gateway(rules={"e.policy.yaml": policy([{"request": {"where": {"parcels": "tenant = $1"}, "values": ["{{ session.application_name }}"]}}])})
    for name, count in (("a", "2"), ("a' or 'x'='x", "0"), ("\\", "0"), ("a\\' or true --", "0")):
        with connect(gateway, application_name=name) as wire:
            assert text(wire.ask(query("select count(*) from parcels"))) == [(count,)]


def test_limits(make_gateway):
    gateway = make_gateway(rules={"e.policy.yaml": policy([{"request": {"limit": 2}}])})
    with connect(gateway) as wire:
        for statement in ("select id from parcels", "select id from parcels limit 3", "select id from parcels limit all", "select id from parcels order by id fetch first 3 rows only"):
            assert len(text(wire.ask(query(statement)))) == 2
        assert len(text(wire.ask(query("select id from parcels limit 1")))) == 1
        for given, rows in (("3", 2), ("1", 1), (None, 2)):
            assert len(text(wire.ask(parse("select id from parcels limit $1"), bind([given]), execute(), SYNC))) == rows
        assert [m.text for m in wire.ask(query("update parcels set note = note")) if m.kind == "C"] == ["UPDATE 4"]


def test_tables_schemas_and_columns(make_gateway):
    gateway = make_gateway(rules={"e.policy.yaml": policy([{"request": {"tables": {"parcels": "parcels_archive"}, "columns": ["id", "note"]}}])})
    with connect(gateway) as wire:
        found = wire.ask(query("select * from parcels"))
        assert [d[0] for m in found if m.kind == "T" for d in m.described] == [b"id", b"note"] and text(found) == [("9", "old")]
        assert text(wire.ask(query("select parcels.note from parcels where parcels.tenant = 'a'"))) == [("old",)]
        assert errors(wire.ask(query("select id || tenant from parcels")))[0]["C"] == "0A000"
    gateway = make_gateway(rules={"e.policy.yaml": policy([{"request": {"schema": "tenant_b"}}])})
    with connect(gateway) as wire:
        assert text(wire.ask(query("select id from parcels"))) == [("7",)] and text(wire.ask(query("select count(*) from public.parcels"))) == [("4",)]


def test_the_new_text_is_decided_too(make_gateway):
    rules = "  - name: no archive\n    when: '\"parcels_archive\" in {t.name | some t in input.query.tables}'\n    then: [{deny: {message: the archive is closed}}]\n"
    gateway = make_gateway(rules={"e.policy.yaml": policy([{"request": {"tables": {"parcels": "parcels_archive"}}}], rules)})
    with connect(gateway) as wire:
        for messages in ([query("select * from parcels")], [parse("select * from parcels"), bind(), execute(), SYNC]):
            assert [e["M"] for e in errors(wire.ask(*messages))] == ["the archive is closed"]
        assert text(wire.ask(query("select 1"))) == [("1",)]


def test_with_rules_that_read_values(make_gateway):
    """A rule on bound values moves decisions to Bind; edits are still made when the text comes."""
    rules = "  - name: not four\n    match: {query.where.id: [4, \"4\"]}\n    then: [{deny: {message: not four}}]\n"
    gateway = make_gateway(rules={"e.policy.yaml": policy([{"request": {"where": {"parcels": "tenant = 'b'"}}}], rules)})
    with connect(gateway) as wire:
        ask = [parse("select id from parcels where id = $1", types=[23])]
        assert text(wire.ask(*ask, bind(["2"]), execute(), SYNC)) == [("2",)] and text(wire.ask(*ask, bind(["1"]), execute(), SYNC)) == []
        assert [e["M"] for e in errors(wire.ask(*ask, bind(["4"]), execute(), SYNC))] == ["not four"]


def test_what_was_prepared_under_other_edits_is_refused(make_gateway):
    gateway = make_gateway(rules={"e.policy.yaml": policy([{"request": {"limit": 1}}])})
    with connect(gateway) as wire:
        wire.ask(parse("select id from parcels", "s"), SYNC)
        assert len(text(wire.ask(bind((), "s"), execute(), SYNC))) == 1
        gateway.write_rules(policy([{"request": {"limit": 2}}]), "e.policy.yaml")
        host.wait_until(lambda: len(text(wire.ask(query("select id from parcels")))) == 2, 10, "the policy takes effect")
        assert [e["C"] for e in errors(wire.ask(bind((), "s"), execute(), SYNC))] == ["0A000"]
        wire.ask(parse("select id from parcels", "t"), SYNC)
        assert len(text(wire.ask(bind((), "t"), execute(), SYNC))) == 2


DISCARDED = [
    ("select id from parcels", [], "SELECT 0"), ("update parcels set note = '' returning id", [], "UPDATE 0"), ("delete from parcels", [], "DELETE 0"),
    ("insert into parcels values (8, default, 'x')", [], "INSERT 0 0"), ("insert into parcels values ($1, $2, $3)", ["8", "a", "x"], "INSERT 0 0"),
    ("insert into parcels values ($1, $2, 'x'), ($3, 'b', $4)", ["8", "a", "9", None], "INSERT 0 0"), ("update parcels set note = $2 where id = $1", ["1", "x"], "UPDATE 0"),
    ("create table discarded_table (a int)", [], "CREATE TABLE"), ("drop table parcels", [], "DROP TABLE"), ("truncate parcels", [], "TRUNCATE TABLE"), ("set work_mem = '64kB'", [], "SET"),
]


@pytest.mark.parametrize("statement, values, tag", DISCARDED, ids=[s for s, _, _ in DISCARDED])
def test_discarded(statement, values, tag, make_gateway, pg):
    gateway = make_gateway(rules={"e.policy.yaml": "policy: none\non: [traffic_from_client]\nrules:\n  - name: all\n    match: {query.kind: {not: [show]}}\n    then: [discard]\n"})
    with connect(gateway) as wire, connect(pg) as direct:
        if not values:
            found = wire.ask(query(statement))
            assert [m.text for m in found if m.kind == "C"] == [tag] and not errors(found) and not text(found)
        asked = [parse(statement, "s"), describe("S", "s"), bind(values, "s"), execute(), SYNC]
        found = wire.ask(*asked)
        assert [m.text for m in found if m.kind == "C"] == [tag] and not errors(found) and not text(found)
        direct.ask(query("begin"))
        assert pgwire.kinds(found).replace("D", "") == pgwire.kinds(direct.ask(*asked)).replace("D", "")
        direct.ask(query("rollback"))
        assert text(wire.ask(query("show work_mem"))) != [("64kB",)]
    assert pg.sql("select string_agg(id || note, ' ' order by id) from parcels") == "1one 2two 3three 4four"


def test_what_cannot_be_discarded_is_refused(make_gateway):
    gateway = make_gateway(rules={"e.policy.yaml": "policy: none\non: [traffic_from_client]\nrules:\n  - name: all\n    match: {query.kind: {not: [show]}}\n    then: [discard]\n"})
    with connect(gateway) as wire:
        for statement in ("begin", "copy parcels from stdin", "execute p", "explain select 1", "select 1; select 2"):
            assert errors(wire.ask(query(statement)))[0]["C"] == "0A000"
        assert text(wire.ask(query("show server_version_num")))


def test_answers(make_gateway):
    answer = {"columns": ["who", "odd \"name\""], "rows": [["{{ session.user }}", "it's \\ quoted"], [None, 5]]}
    gateway = make_gateway(rules={"e.policy.yaml": "policy: given\non: [traffic_from_client]\nrules:\n  - name: all\n    when: '\"parcels\" in {t.name | some t in input.query.tables}'\n"
                                  f"    then: {json.dumps([{'response': {'answer': answer}}])}\n"})
    with connect(gateway) as wire:
        for messages in ([query("select * from parcels")], [parse("delete from parcels where id = $1"), bind(["1"]), describe(), execute(), SYNC]):
            found = wire.ask(*messages)
            assert [d[0] for m in found if m.kind == "T" for d in m.described] == [b"who", b"odd \"name\""]
            assert text(found) == [("postgres", "it's \\ quoted"), (None, "5")]
        assert text(wire.ask(query("select 1"))) == [("1",)]
