"""Masked columns stay masked wherever their values go, and nothing else changes: as many rows and columns as without.

What the rows hold without a mask is asked of PostgreSQL itself, at the same moment.
"""
import csv
import io
import json
import struct

import pytest

from rig import host
from rig.gateway import Gateway
from support import pgwire
from support.pgwire import FLUSH, SYNC, bind, close, connect, describe, errors, execute, parse, query

SETUP = """
drop table if exists people, orders cascade; drop function if exists leak(int), leak_row(people) cascade;
create table people (id int primary key, name text, email text, ssn varchar(11), salary int, born date);
insert into people values (1, 'Ada', 'ada@example.org', '111-22-3333', 100, '1815-12-10'), (2, 'Bob', 'bob@example.net', '222-33-4444', 200, '1912-06-23'),
    (3, 'Cy', null, null, null, null);
create table orders (id int, person int, note text);
insert into orders values (10, 1, 'first'), (11, 2, 'second');
create function leak(n int) returns text language sql as 'select email from people where id = n';
"""
SECRETS = (b"ada@", b"bob@", b"@example", b"111-22", b"222-33", b"1815", b"1912")
MASKS = [{"response": {"mask": "keep_last", "columns": ["people.email"], "last": 3}}, {"response": {"columns": ["people.ssn", "people.salary", "people.born"]}}]


def policy(then, on="traffic_to_client", match=""):
    condition = f"    match: {match}\n" if match else ""
    return f"policy: masks\non: [{on}]\nrules:\n  - name: the rule\n{condition}    then: {json.dumps(then)}\n"


@pytest.fixture(scope="module")
def masked(request, pg, folder):
    pg.sql(SETUP)
    gateway = Gateway(request.config.getoption("--binary"), folder / "masked", f"{pg.address}:{pg.port}", rules={"masks.policy.yaml": policy(MASKS)})
    yield gateway.start()
    gateway.stop()


def rows(messages):
    return [m.columns for m in messages if m.kind == "D"]


def leaks(messages):
    return [m for m in messages if any(secret in m.body for secret in SECRETS)]


def text(messages):
    return [tuple(None if v is None else v.decode() for v in row) for row in rows(messages)]


EMAIL = "ada@example.org", "bob@example.net"
KEPT = "************org", "************net"

# Of Ada alone: the statement, and what is to be seen.
SEEN = [
    ("select id, name, email, ssn, salary, born from people where id = 1", [("1", "Ada", KEPT[0], "********", "0", "2000-01-01")]),
    ("select * from people where id = 1", [("1", "Ada", KEPT[0], "********", "0", "2000-01-01")]),
    ("select p.* from people p where id = 1", [("1", "Ada", KEPT[0], "********", "0", "2000-01-01")]),
    ("table people order by id limit 1", [("1", "Ada", KEPT[0], "********", "0", "2000-01-01")]),
    ("select email as name, name as email from people where id = 1", [(KEPT[0], "Ada")]),
    ("select upper(email), email || '', left(email, 3), md5(ssn) from people where id = 1", [("********",) * 4]),
    ("select email::bytea, email collate \"C\", length(email) from people where id = 1", [("\\x", "********", "0")]),
    ("select people from people where id = 1", [(None,)]),
    ("select row_to_json(p) from people p where id = 1", [("null",)]),
    ("select to_jsonb(p) -> 'email' from people p where id = 1", [("null",)]),
    ("select p.row_to_json from people p where id = 1", [("null",)]),
    ("select (p).email from people p where id = 1", [("********",)]),
    ("select (d.sub).email from (select people as sub from people) d where (d.sub).id = 1", [("********",)]),
    ("select x from (select email as x from people where id = 1) s", [(KEPT[0],)]),
    ("with s as (select email as x, id from people) select x, lower(x) from s where id = 1", [(KEPT[0], "********")]),
    ("with recursive r(x) as (select email from people where id = 1 union select x from r) select x from r", [("********",)]),
    ("select (select email from people where id = 1)", [("********",)]),
    ("select array(select email from people where id = 1)", [("{}",)]),
    ("select string_agg(email, ',') from people where id = 1", [("********",)]),
    ("select o.id, email from orders o join people p on p.id = o.person where o.id = 10", [("10", KEPT[0])]),
    ("select * from orders o join people p on p.id = o.person where o.id = 10", [("10", "1", "first", "1", "Ada", KEPT[0], "********", "0", "2000-01-01")]),
    ("select * from orders natural join (select id - 0 as nothing, email from people where id = 1) x where orders.id = 10", [("10", "1", "first", "1", KEPT[0])]),
    ("select l.x from orders o, lateral (select email as x from people where id = o.person) l where o.id = 10", [(KEPT[0],)]),
    ("select 'x' as email union all select email from people where id = 1", [("********",), ("********",)]),
    ("select * from people where id = 1 union select * from people where id = 1", None),
    ("values ((select email from people where id = 1))", [("********",)]),
    ("select leak(1)", [("********",)]),
    ("select * from leak(1) as l(name)", [("********",)]),
    ("select query_to_xml('select email from people', true, true, '')", [("********",)]),
    ("select count(*), count(1) from people", [("3", "3")]),
    ("select email from people where id = 3", [(None,)]),
    ("select note from orders where id = 10", [("first",)]),
    ("explain (costs off) select note from orders", None),
]


@pytest.mark.parametrize("mode", ["simple", "extended", "extended without description"])
@pytest.mark.parametrize("statement, seen", SEEN, ids=[s for s, _ in SEEN])
def test_wherever_the_values_go(mode, statement, seen, masked, pg):
    messages = {"simple": [query(statement)], "extended": [parse(statement), bind(), describe(), execute(), SYNC],
                "extended without description": [parse(statement), bind(), execute(), SYNC]}[mode]
    with connect(masked) as wire, connect(pg) as direct:
        found, plain = wire.ask(*messages), direct.ask(*messages)
        assert not leaks(found)
        assert pgwire.kinds(found) == pgwire.kinds(plain)
        assert [len(row) for row in rows(found)] == [len(row) for row in rows(plain)]
        assert [m.brief() for m in found if m.kind in "TCZ"] == [m.brief() for m in plain if m.kind in "TCZ"]
        if seen is not None:
            assert text(found) == seen
        assert wire.rows("select 1") == [("1",)]


# One column of each common type, in a table where all of them are masked; the harmless value is PostgreSQL's own idea of it
TYPES = {
    "bool": "false", "int2": "0", "int4": "0", "int8": "0", "oid": "0", "float4": "0", "float8": "0", "numeric": "0", "money": "0", "text": "'********'",
    "varchar": "'********'", "bpchar": "'********'", "name": "'********'", "date": "'2000-01-01'", "time": "'00:00'", "timetz": "'00:00+00'",
    "timestamp": "'2000-01-01'", "timestamptz": "'2000-01-01 00:00+00'", "interval": "'0'", "uuid": "'00000000-0000-0000-0000-000000000000'", "bytea": "''",
    "inet": "'0.0.0.0'", "cidr": "'0.0.0.0/0'", "macaddr": "'00:00:00:00:00:00'", "json": "'null'", "jsonb": "'null'",
}
VALUES = {
    "bool": "true", "int2": "7", "int4": "7", "int8": "7", "oid": "7", "float4": "7.5", "float8": "7.5", "numeric": "7.25", "money": "7", "text": "'secret'", "varchar": "'secret'",
    "bpchar": "'secret'", "name": "'secret'", "date": "'1999-09-09'", "time": "'09:09'", "timetz": "'09:09+03'", "timestamp": "'1999-09-09 09:09'",
    "timestamptz": "'1999-09-09 09:09+03'", "interval": "'9 days'", "uuid": "'99999999-9999-9999-9999-999999999999'", "bytea": "'\\x99'", "inet": "'9.9.9.9'",
    "cidr": "'9.9.9.0/24'", "macaddr": "'09:09:09:09:09:09'", "json": "'{\"a\": 9}'", "jsonb": "'{\"a\": 9}'",
}
# Those that are in every table, and the rest.
COMMON = list(TYPES)
TYPES |= {
    "point": "'(0,0)'", "lseg": "'[(0,0),(0,0)]'", "path": "'((0,0))'", "box": "'(0,0),(0,0)'", "polygon": "'((0,0))'", "line": "'{1,0,0}'", "circle": "'<(0,0),0>'",
    "tid": "'(0,0)'", "xid": "'0'", "cid": "'0'", "xid8": "'0'", "pg_lsn": "'0/0'", "macaddr8": "'00:00:00:00:00:00:00:00'", "bit": "'0'", "varbit": "''", "tsvector": "''",
    "tsquery": "''", "jsonpath": "'$'", "int2vector": "''", "oidvector": "''", "int4range": "'empty'", "numrange": "'empty'", "tsrange": "'empty'", "tstzrange": "'empty'",
    "daterange": "'empty'", "int8range": "'empty'", "int4multirange": "'{}'", "nummultirange": "'{}'", "tsmultirange": "'{}'", "tstzmultirange": "'{}'", "datemultirange": "'{}'",
    "int8multirange": "'{}'", "regclass": "'-'", "regproc": "'-'", "regprocedure": "'-'", "regtype": "'-'", "regrole": "'-'", "regnamespace": "'-'", "regconfig": "'-'",
    "regdictionary": "'-'", "regcollation": "'-'", "refcursor": "'********'",
}
VALUES |= {
    "point": "'(9,9)'", "lseg": "'[(9,9),(8,8)]'", "path": "'[(9,9),(8,8)]'", "box": "'(9,9),(8,8)'", "polygon": "'((9,9),(8,8))'", "line": "'{9,9,9}'", "circle": "'<(9,9),9>'",
    "tid": "'(9,9)'", "xid": "'9'", "cid": "'9'", "xid8": "'9'", "pg_lsn": "'9/9'", "macaddr8": "'09:09:09:09:09:09:09:09'", "bit": "'1'", "varbit": "'1001'", "tsvector": "'secret'",
    "tsquery": "'secret'", "jsonpath": "'$.secret'", "int2vector": "'9 9'", "oidvector": "'9 9'", "int4range": "'[9,99)'", "numrange": "'[9,99)'",
    "tsrange": "'[1999-09-09,2009-09-09)'", "tstzrange": "'[1999-09-09,2009-09-09)'", "daterange": "'[1999-09-09,2009-09-09)'", "int8range": "'[9,99)'",
    "int4multirange": "'{[9,99)}'", "nummultirange": "'{[9,99)}'", "tsmultirange": "'{[1999-09-09,2009-09-09)}'", "tstzmultirange": "'{[1999-09-09,2009-09-09)}'",
    "datemultirange": "'{[1999-09-09,2009-09-09)}'", "int8multirange": "'{[9,99)}'", "regclass": "'pg_class'", "regproc": "'pg_sleep'", "regprocedure": "'pg_sleep(float8)'",
    "regtype": "'int4'", "regrole": "'postgres'", "regnamespace": "'pg_catalog'", "regconfig": "'english'", "regdictionary": "'simple'", "regcollation": "'\"C\"'", "refcursor": "'secret'",
}
# Their arrays: an empty one is harmless.
ELEMENTS = [t for t in TYPES if t not in ("tid", "xid", "cid", "int2vector", "oidvector", "refcursor") and not t.endswith("multirange") and (not t.startswith("reg") or t == "regclass") and t not in ("jsonpath", "tsquery")]
TYPES |= {f"{t}[]": "'{}'" for t in ELEMENTS}
VALUES |= {f"{t}[]": f"array[{VALUES[t]}::{t}]" for t in ELEMENTS}


def column(number):
    return f"c{number}"


@pytest.mark.parametrize("binary", [0, 1], ids=["text", "binary"])
def test_every_type_in_both_formats(binary, masked, pg, make_gateway):
    """The masked value is, byte for byte, what PostgreSQL sends for the harmless value."""
    columns = ", ".join(f"{column(n)} {t}" for n, t in enumerate(TYPES))
    pg.sql(f"drop table if exists every_type; create table every_type ({columns}); insert into every_type values ({', '.join(VALUES.values())})")
    gateway = make_gateway(rules={"m.policy.yaml": policy([{"response": {"columns": ["every_type.*"]}}])})
    harmless = "select " + ", ".join(f"{v}::{t}" for t, v in TYPES.items())
    setting = query("set timezone = 'UTC'")
    with connect(gateway) as wire, connect(pg) as direct:
        wire.ask(setting), direct.ask(setting)
        found = rows(wire.ask(parse("select * from every_type"), bind(result_formats=[binary]), execute(), SYNC))
        wanted = rows(direct.ask(parse(harmless), bind(result_formats=[binary]), execute(), SYNC))
        assert len(found) == len(wanted) == 1
        assert dict(zip(TYPES, found[0])) == dict(zip(TYPES, wanted[0]))


COPIES = [
    ("copy people (id, name, email) to stdout", b"1\tAda\t\\N\n2\tBob\t\\N\n3\tCy\t\\N\n"),
    ("copy (select id, name from people order by id) to stdout", b"1\tAda\n2\tBob\n3\tCy\n"),
    ("copy (select id, email from people order by id) to stdout (format csv, header)", b"id,email\n1,\n2,\n3,\n"),
    ("copy (select e'a\\tb\\nc\\\\d' as x, email from people where id = 1) to stdout", b"a\\tb\\nc\\\\d\t\\N\n"),
    ("copy (select 'a,\"b\"' || chr(10) || 'c' as x, ssn as y from people where id = 1) to stdout csv null '-'", b'"a,""b""\nc",-\n'),
]


@pytest.mark.parametrize("statement, data", COPIES, ids=[s for s, _ in COPIES])
def test_copy_out(statement, data, masked):
    with connect(masked) as wire:
        for messages in ([query(statement)], [parse(statement), bind(), execute(), SYNC]):
            found = wire.ask(*messages)
            assert b"".join(m.body for m in found if m.kind == "d") == data and not errors(found)


def test_copy_out_in_binary(masked):
    with connect(masked) as wire:
        found = wire.ask(query("copy (select id, email from people where id = 1) to stdout (format binary)"))
        data = b"".join(m.body for m in found if m.kind == "d")
        assert data == b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0) + struct.pack("!hiii", 2, 4, 1, -1) + struct.pack("!h", -1)


@pytest.mark.parametrize("options", ["", "(format csv)", "(format binary)"])
def test_copy_out_of_every_type_where_the_catalogue_is_known(options, masked, pg, make_gateway):
    """The stream is, byte for byte, what PostgreSQL sends for the harmless values."""
    columns = ", ".join(f"{column(n)} {t}" for n, t in enumerate(COMMON))
    pg.sql(f"drop table if exists every_copied; create table every_copied ({columns}); insert into every_copied values ({', '.join(VALUES[t] for t in COMMON)})")
    reads = {"targets": [{"name": "main", "address": f"{pg.address}:{pg.port}", "catalog": {"user": "postgres", "refresh": "60s"}}]}
    gateway = make_gateway(rules={"m.policy.yaml": policy([{"response": {"columns": ["every_copied.*"]}}])}, config=reads)
    names, harmless = ", ".join(map(column, range(len(COMMON)))), ", ".join(f"{TYPES[t]}::{t}" for t in COMMON)
    setting = query("set timezone = 'UTC'")

    def stream(wire, text):
        found = wire.ask(query(text))
        assert not errors(found)
        return b"".join(m.body for m in found if m.kind == "d")

    with connect(gateway) as wire, connect(pg) as direct:
        wire.ask(setting), direct.ask(setting)
        wanted = stream(direct, f"copy (select {harmless}) to stdout {options}")
        host.wait_until(lambda: b"\\N" not in stream(wire, f"copy every_copied ({names}) to stdout"), 15, "the catalogue is known")
        for text in (f"copy every_copied ({names}) to stdout {options}", f"copy (select {names} from (select * from every_copied) s) to stdout {options}"):
            found = stream(wire, text)
            if options == "(format csv)":  # a masked value is always quoted there
                assert list(csv.reader(io.StringIO(found.decode()))) == list(csv.reader(io.StringIO(wanted.decode())))
            else:
                assert found == wanted


def test_a_copy_whose_columns_are_not_known_is_withheld(masked):
    with connect(masked) as wire:
        found = wire.ask(query("copy people to stdout"))
        assert pgwire.kinds(found) == "EZ" and errors(found)[0]["C"] == "42501" and not leaks(found)
        assert pgwire.kinds(wire.ask(query("copy orders to stdout"))) == "HddcCZ"


def test_cursors(masked):
    with connect(masked) as wire:
        wire.ask(query("begin; declare c cursor for select id, email from people order by id"))
        assert text(wire.ask(query("fetch 1 from c"))) == [("1", KEPT[0])]
        assert text(wire.ask(parse("fetch 1 from c"), bind(), describe(), execute(), SYNC)) == [("2", KEPT[1])]
        assert text(wire.ask(query("fetch all from c"))) == [("3", None)]
        wire.ask(query("commit; prepare p as select email from people where id = $1"))
        assert text(wire.ask(query("execute p(1)"))) == [(KEPT[0],)]
        assert text(wire.ask(parse("execute p(2)"), bind(), execute(), SYNC)) == [(KEPT[1],)]


def test_a_portal_in_portions(masked):
    with connect(masked) as wire:
        wire.ask(parse("select email from people order by id", "s"), describe("S", "s"), SYNC)
        found = wire.ask(query("begin"), bind((), "s", "p"), execute("p", 1), FLUSH, execute("p", 1), execute("p", 0), SYNC, ready=2)
        assert pgwire.kinds(found) == "CZ2DsDsDCZ" and text(found) == [(KEPT[0],), (KEPT[1],), (None,)]
        wire.ask(query("rollback"))


def test_returning(masked, pg):
    with connect(masked) as wire:
        wire.ask(query("begin"))
        assert text(wire.ask(query("update people set name = name where id = 1 returning id, email, upper(email)"))) == [("1", KEPT[0], "********")]
        found = wire.ask(parse("delete from people where id = $1 returning *"), bind(["1"]), execute(), SYNC)
        assert text(found) == [("1", "Ada", KEPT[0], "********", "0", "2000-01-01")]
        wire.ask(query("rollback"))
    assert pg.sql("select count(*) from people") == "3"


def test_several_statements_have_masks_of_their_own(masked):
    with connect(masked) as wire:
        found = wire.ask(query("select email from people where id = 1; select 'x' as email; update people set name = name; select email from people where id = 2"))
        assert text(found) == [(KEPT[0],), ("x",), (KEPT[1],)] and pgwire.kinds(found) == "TDCTDCCTDCZ"


def test_errors_and_notices_do_not_quote(masked):
    with connect(masked) as wire:
        for statement in ("select email::int from people", "insert into people select 1, email from people", "select 1 / (case when email like 'a%' then 0 else 1 end) from people"):
            found = wire.ask(query(statement))
            assert len(errors(found)) == 1 and not leaks(found) and "withheld" in errors(found)[0]["M"]
        assert errors(wire.ask(query("select 1/0")))[0]["M"] == "division by zero"


@pytest.mark.parametrize("size", [10_000, 100_000, 3_000_000])
def test_errors_of_any_length_do_not_quote(masked, size):
    update = f"update people set salary = repeat(email, {size // 15})::int where id = 1"
    with connect(masked) as wire:
        for messages in ([query(update)], [parse(update), bind(), execute(), SYNC], [query(f"begin; {update}")], [query(f"rollback; select repeat(email, {size // 15})::int from people where id = 1")]):
            found = wire.ask(*messages)
            assert [e["C"] for e in errors(found)] == ["22P02"] and not leaks(found) and "withheld" in errors(found)[0]["M"]
        assert wire.rows("select 1") == [("1",)]


def test_a_refusal_in_the_place_of_a_long_error(make_gateway):
    gateway = make_gateway(rules={"a.policy.yaml": policy([{"deny": {"message": "no quotes"}}], match="{response.error.sqlstate: 22P02, response.error.message: {regex: xyzzy}}")})
    with connect(gateway) as wire:
        for size in (10, 100_000, 3_000_000):
            assert [e["M"] for e in errors(wire.ask(query(f"do $$ begin perform repeat('xyzzy', {size // 5})::int; end $$")))] == ["no quotes"]
            assert wire.rows("select 1") == [("1",)]


def test_a_withheld_answer_is_recorded(make_gateway, pg):
    """What else the rulings on it ask for is done, though its end never comes."""
    pg.sql(SETUP)
    gateway = make_gateway(rules={"a.policy.yaml": policy([{"response": {"columns": ["people.email"]}}, {"log": {"message": "masked"}}]),
                                  "b.policy.yaml": policy([{"log": {"message": "first hook"}}], on="traffic_from_server").replace("policy: masks", "policy: first")})
    withheld = "copy (select (people).* from people) to stdout (format csv, delimiter ';', encoding 'latin1')"
    with connect(gateway) as wire:
        assert [e["C"] for e in errors(wire.ask(query(withheld)))] == ["42501"]
        assert wire.rows("select 1") == [("1",)]
    path = gateway.folder / "audit.log"
    said = host.wait_until(lambda: path.exists() and len(all_said := [json.loads(line)["message"] for line in path.read_text().splitlines()]) >= 4 and all_said, 10, "the lines of the log")
    assert sorted(said) == ["first hook"] * 2 + ["masked"] * 2


def test_errors_do_not_quote_rows(masked, pg):
    """DETAIL shows whole rows, also to who has named none of the masked columns; the rest of the error stays."""
    pg.sql("alter table people alter name set not null, add check (name <> 'bad'), add unique (email); create table if not exists emails (e text primary key)")
    with connect(masked) as wire, connect(pg) as direct:
        for statement, withheld in (("update people set name = null where id = 1", False), ("update people set name = 'bad' where id = 1", False),
                                    ("update people set id = 2 where id = 1", False), ("insert into people (id, name) values (1, 'x')", False),
                                    ("alter table people add constraint x check (id < 0)", False), ("alter table people add foreign key (email) references emails", True),
                                    ("alter table people add constraint x foreign key (ssn) references emails (e)", True),
                                    ("insert into people values (9, 'x', 'ada@example.org')", True)):
            for messages in ([query(statement)], [parse(statement), bind(), execute(), SYNC]):
                found, plain = errors(wire.ask(*messages)), errors(direct.ask(*messages))
                assert not any("ada@" in value or "111-22" in value for value in found[0].values()), found
                assert [e["C"] for e in found] == [e["C"] for e in plain] and ("withheld" in found[0]["M"]) == withheld
                assert withheld or {k: found[0][k] for k in "MSstn" if k in found[0]} == {k: plain[0][k] for k in "MSstn" if k in plain[0]}
        assert "D" in errors(wire.ask(query("create temp table own (a int primary key); insert into own values (1), (1)")))[0]
    pg.sql(SETUP)


@pytest.mark.parametrize("mode", ["simple", "extended"])
def test_notices_do_not_quote(masked, pg, mode):
    """Those of statements that give no rows too, and those that come before rows."""
    pg.sql("""create or replace function tell() returns trigger language plpgsql as $$ begin raise notice 'wrote %', new; return new; end $$;
        create or replace function say(text) returns int language plpgsql as $$ begin raise notice 'said %', $1; return 1; end $$;
        drop trigger if exists told on people; create trigger told before update on people for each row execute function tell()""")
    loud = ["do $$ begin raise notice '%', (select email from people where id = 1); end $$", "update people set name = name where id = 1",
            "do $$ begin raise warning 'a %', (select repeat(email, 20000) from people where id = 1); raise info 'again'; end $$",
            "select say(email) from people where id = 1", "insert into orders select 1, 1, note from (select say(email)::text as note from people) x"]
    with connect(masked) as wire:
        for statement in loud:
            found = wire.ask(*([query(statement)] if mode == "simple" else [parse(statement), bind(), execute(), SYNC]))
            assert not leaks(found) and errors(found) == [] and "N" not in pgwire.kinds(found), statement
        if mode == "simple":
            found = wire.ask(query(f"{loud[0]}; drop table if exists absent; {loud[1]}; select 1; drop table if exists absent; {loud[0]}"))
            assert not leaks(found) and pgwire.kinds(found) == "CNCCTDCNCCZ"  # the others' notices pass
        assert pgwire.kinds(wire.ask(query("drop table if exists absent"))) == "NCZ"
        assert wire.rows("select 1") == [("1",)]
    pg.sql(SETUP)


def test_a_refusal_in_the_place_of_a_notice(make_gateway):
    gateway = make_gateway(rules={"a.policy.yaml": policy([{"deny": {"message": "no notices"}}, {"log": {"message": "refused"}}], match="{query.kind: do}")})
    loud = "do $$ begin raise notice 'one'; raise warning 'two'; end $$"
    with connect(gateway) as wire:
        for _ in range(2):
            found = wire.ask(query(f"select 1; {loud}; select 2"))
            assert pgwire.kinds(found) == "TDCEZ" and [e["M"] for e in errors(found)] == ["no notices"]
            found = wire.ask(parse("select 1"), bind(), execute(), parse(loud), bind(), execute(), parse("select 2"), bind(), execute(), SYNC)
            assert pgwire.kinds(found) == "12DC12EZ" and wire.rows("select 1") == [("1",)]
            found = wire.send(parse(loud), bind(), execute(), FLUSH).until("E")
            assert pgwire.kinds(found) == "12E" and pgwire.kinds(wire.ask(SYNC)) == "Z" and wire.rows("select 1") == [("1",)]
    path = gateway.folder / "audit.log"
    host.wait_until(lambda: path.exists() and len(path.read_text().splitlines()) == 6, 10, "one line for each")


# What a statement writes and returns: under the name of a column that holds nothing masked.
WRITTEN = [
    ("update people set name = email where id = 1 returning name", [(KEPT[0],)]),
    ("update people p set name = q.email from people q where q.id = p.id and p.id = 1 returning p.id, p.name", [("1", KEPT[0])]),
    ("update people p set name = upper(q.email) from people q where q.id = p.id and p.id = 1 returning p.*", [("1", "********", KEPT[0], "********", "0", "2000-01-01")]),
    ("update orders set note = (select email from people where id = 1) where id = 10 returning id, note", [("10", "********")]),
    ("update orders set (id, note) = (select 7, email from people where id = 1) where id = 10 returning note, person", [("********", "1")]),
    ("insert into orders (id, note) select id, email from people where id = 1 returning id, note", [("1", KEPT[0])]),
    ("insert into orders select id, 1, email from people where id = 1 returning note", [(KEPT[0],)]),
    ("insert into orders (id, note) values (1, (select email from people where id = 1)) returning id, note", [("1", "********")]),
    ("insert into people (id, name) values (1, 'x') on conflict (id) do update set name = people.email returning name", [(KEPT[0],)]),
    ("with w as (update orders set note = email from people p where p.id = person returning note as n) select n from w", [(KEPT[0],), (KEPT[1],)]),
    ("update people set salary = 7, name = 'New' where id = 1 returning id, name, salary, email", [("1", "New", "0", KEPT[0])]),
    ("insert into orders (id, note) values (12, 'third') returning *", [("12", None, "third")]),
]


@pytest.mark.parametrize("mode", ["simple", "extended"])
@pytest.mark.parametrize("statement, seen", WRITTEN, ids=[s for s, _ in WRITTEN])
def test_what_is_written_and_returned(masked, statement, seen, mode):
    with connect(masked) as wire:
        wire.ask(query("begin"))
        found = wire.ask(*([query(statement)] if mode == "simple" else [parse(statement), bind(), execute(), SYNC]))
        assert errors(found) == [] and not leaks(found) and sorted(text(found)) == sorted(seen)
        wire.ask(query("rollback"))


def test_large_results_stream(masked):
    """Rows are not collected: the first comes long before the last is made, and many pass without a loss."""
    with connect(masked) as wire:
        wire.send(query("select email, pg_sleep(0.3) from people where id < 3"))
        assert wire.receive().kind == "T"
        wire.until_ready()
        found = wire.ask(query("select p.id, email, repeat('x', 1000) from people p, generate_series(1, 10000) where p.id = 2"))
        assert len(rows(found)) == 10000 and {r[1] for r in rows(found)} == {KEPT[1].encode()} and not leaks(found)


def test_byte_by_byte(masked, pg):
    with connect(masked) as wire:
        found = wire.ask(parse("select * from people order by id"), bind(), execute(), close("S", ""), SYNC, step=1)
        assert pgwire.kinds(found) == "12DDDC3Z" and not leaks(found)


def test_dropped_columns_leave_the_description_too(make_gateway, pg):
    gateway = make_gateway(rules={"m.policy.yaml": policy([{"response": {"drop": ["people.email", "people.ssn"]}}, {"response": {"rows": 2}}])})
    with connect(gateway) as wire:
        for messages in ([query("select * from people order by id")], [parse("select * from people order by id"), bind(), describe(), execute(), SYNC]):
            found = wire.ask(*messages)
            (description,) = [m for m in found if m.kind == "T"]
            assert [d[0] for d in description.described] == [b"id", b"name", b"salary", b"born"]
            assert text(found) == [("1", "Ada", "100", "1815-12-10"), ("2", "Bob", "200", "1912-06-23")]
            assert [m.text for m in found if m.kind == "C"] == ["SELECT 2"]


def test_keyed_masks_are_the_same_everywhere(make_gateway):
    """Equal values under one key are equal masked ones, so that joins and counts of them still work."""
    masks = [{"response": {"mask": "hash", "key": "k", "columns": ["people.name", "people.salary"]}}, {"response": {"mask": "format", "key": "k", "columns": ["people.ssn"]}}]
    found = []
    for _ in range(2):
        gateway = make_gateway(rules={"m.policy.yaml": policy(masks)}, config={"actions": {"masking": {"keys": {"k": "a key of this test"}}}})
        with connect(gateway) as wire:
            found.append(text(wire.ask(query("select name, salary, ssn from people order by id"))))
    assert found[0] == found[1] and len({row[0] for row in found[0]}) == 3
    name, salary, ssn = found[0][0]
    assert len(name) == 16 and salary.isdigit() and salary != "100" and len(ssn) == 11 and ssn[3] == ssn[6] == "-" and ssn != "111-22-3333"
    gateway = make_gateway(rules={"m.policy.yaml": policy(masks)})
    with connect(gateway) as wire:
        assert "no masking key" in errors(wire.ask(query("select name from people")))[0]["M"]


def test_where_nobody_asks_nothing_changes(make_gateway, pg):
    gateway = make_gateway(rules={"m.policy.yaml": policy(MASKS, match="{session.user: bob}")})
    with connect(gateway) as wire, connect(pg) as direct:
        for statement in ("select * from people", "select people from people", "copy people to stdout"):
            assert [m.brief() for m in wire.ask(query(statement))] == [m.brief() for m in direct.ask(query(statement))]


def test_default_deny_does_not_undo_a_mask(make_gateway, masked):
    rules = {"m.policy.yaml": policy(MASKS), "a.policy.yaml": "policy: all\non: [traffic_from_client]\nrules:\n  - name: all\n    then: [allow]\n"}
    gateway = make_gateway(rules=rules, config={"policy": {"default": "deny"}})
    with connect(gateway) as wire:
        assert text(wire.ask(query("select email from people where id = 1"))) == [(KEPT[0],)]
