"""Ways around tenant isolation by bound values: the value as the client sends it is the client's own tenant, and what PostgreSQL makes of
it, by the parameter's type or a cast, is another's.
"""
import shutil
import struct

import pytest

from rig import host, postgres
from rig.gateway import Gateway
from support.pgwire import FLUSH, SYNC, bind, connect, describe, errors, execute, parse, query
from test_false_positives import replaced

CHAR, INT4, INT8, TEXT, FLOAT4, FLOAT8, BPCHAR, BIT, NUMERIC, UNTOLD = 18, 23, 20, 25, 700, 701, 1042, 1560, 1700, 0

SETUP = """
create table orders (tenant_id bigint, note text); create table named (tenant text, note text);
create table letters (letter "char", ratio real, bits varbit); insert into letters values ('a', 16777217, '10'), ('5', 1, '11');
create domain letter as "char"; create domain tens as numeric(3, -1);
create table mine (tenant "char"); insert into mine values ('a'); create table mine_too (tenant char(8)); insert into mine_too values ('acme');
create table measured (tenant_id real, "on" date); insert into measured values (16777217, '2020-01-01');
create table days (tenant timestamp); insert into days values ('2020-01-01');
"""
#: The client's tenant, the other one whose rows it would see, the statement, the parameter's type (or its name), and the value.
WAYS = [
    ("5", "1", "select note from orders where tenant_id = $1::bool::int", INT4, "5"),
    ("5", "53", "select note from orders where tenant_id = $1::\"char\"::int", UNTOLD, "5"),
    ("5", "53", "select note from orders where tenant_id = $1::\"char\"::int", TEXT, "5"),
    ("5", "53", "select note from orders where tenant_id = $1::int", CHAR, "5"),
    ("10", "2", "select note from orders where tenant_id = $1::varbit::\"bit\"::int", UNTOLD, "10"),
    ("10", "2", "select note from orders where tenant_id = $1::int", BIT, "10"),
    ("16777217", "16777216", "select note from orders where tenant_id = $1::real", INT4, "16777217"),
    ("16777217", "16777216", "select note from orders where tenant_id = $1", FLOAT4, "16777217"),
    ("9007199254740993", "9007199254740992", "select note from orders where tenant_id = $1::float8", INT8, "9007199254740993"),
    ("9007199254740993", "9007199254740992", "select note from orders where tenant_id = $1", FLOAT8, "9007199254740993"),
    ("16777217", "16777216", "select note from orders where tenant_id = 16777217::real", None, None),
    ("9007199254740993", "9007199254740992", "select note from orders where tenant_id = float8 '9007199254740993'", None, None),
    ("acme", "a", "select note from named where tenant = $1::\"char\"", TEXT, "acme"),
    ("acme", "a", "select note from named where tenant = $1", CHAR, "acme"),
    ("acme", "a", "select note, $1::\"char\" from named where tenant = $1", UNTOLD, "acme"),
    ("acme", "a", "select note from letters, named where letter <> $1 and tenant = $1", UNTOLD, "acme"),
    ("acme", "a", "select note from letters join named on letter = $1 where tenant = $1", UNTOLD, "acme"),
    ("acme", "a", "select note from named where chareq($1, 'a') and tenant = $1", UNTOLD, "acme"),
    ("10", "2", "select note from orders where varbiteq($1, '10') and tenant_id = $1::\"bit\"::int", UNTOLD, "10"),
    ("acme ", "acme", "select note from named where tenant = $1", BPCHAR, "acme "),
    ("acme ", "acme", "select note from named where tenant = $1::\"bpchar\"", TEXT, "acme "),
    ("acme", "a", "prepare p (\"char\") as select note from named where tenant = $1; execute p('acme')", None, None),
    ("5", "53", "prepare p (\"char\") as select note from orders where tenant_id = $1::int; execute p('5')", None, None),
    ("acme", "a", "select note from named where tenant = $1", "letter", "acme"),
    ("5", "10", "select note from orders where tenant_id = $1", "tens", "5"),
    ("acme", "a", "prepare p (letter) as select note from named where tenant = $1; execute p('acme')", None, None),
    *(("acme", "a", f"{text} = $1 and o.tenant = $1", UNTOLD, "acme") for text in (
        "with x as (select 'a'::\"char\" as tenant) select o.note from x, named o where x.tenant",
        "select o.note from (select 'a'::\"char\" as tenant) x, named o where x.tenant",
        "select o.note from (values ('a'::\"char\")) x(tenant), named o where x.tenant",
        "select o.note from letters x(tenant), named o where x.tenant",
        "select o.note from unnest(array['a'::\"char\"]) tenant, named o where tenant.tenant",
        "select o.note from (letters l(tenant) cross join orders) x, named o where x.tenant",
        "select o.note from (select 'a'::\"char\" as tenant) x join named o on x.tenant")),
    ("acme", "a", "select o.note from (select 'a'::\"char\" as tenant) x, named o where x.tenant in ($1) and o.tenant = $1", UNTOLD, "acme"),
    ("acme", "a", "select n.note from mine m, named n where m.tenant = $1 and n.tenant = $1", UNTOLD, "acme"),
    ("acme", "a", "select n.note from mine m, named n where m.tenant = $1 and n.tenant = $1::text", UNTOLD, "acme"),
    ("acme", "a", "select n.note from named n join mine m on m.tenant = $1 and ($1 is null or m.tenant <> 'x') where n.tenant = $1", UNTOLD, "acme"),
    ("acme ", "acme", "select n.note from mine_too m, named n where m.tenant = $1 and n.tenant = $1", UNTOLD, "acme "),
    ("16777217", "16777216", "select o.note from measured m, orders o where m.tenant_id = $1 and o.tenant_id = $1", UNTOLD, "16777217"),
    ("acme", "a", "prepare p as select n.note from mine m, named n where m.tenant = $1 and n.tenant = $1; execute p('acme')", None, None),
    ("16777217", "16777216", "prepare p as select o.note from measured m, orders o where m.tenant_id = $1 and o.tenant_id = $1; execute p(16777217)",
     None, None),
    ("1.6", "2", "prepare p as select note from orders where tenant_id = $1; execute p(1.6)", None, None),
    ("1.6", "2", "prepare p (int) as select note from orders where tenant_id = $1; execute p(1.6)", None, None),
    ("16777217", "16777216", "prepare p (real) as select note from orders where tenant_id = $1; execute p(16777217)", None, None),
]
#: The same with the client's own rows, which it may see.
OWN = [
    ("5", "select note from orders where tenant_id = $1", UNTOLD, "5"), ("5", "select note from orders where tenant_id = $1", INT8, "5"),
    ("5", "select note from orders where tenant_id = $1::int", UNTOLD, "5"), ("5", "select note from orders where tenant_id = $1::text::int", TEXT, "5"),
    ("5", "select note from orders where tenant_id = $1", FLOAT8, "5"), ("5", "select note from orders where tenant_id = $1", NUMERIC, "5"),
    ("5", "select o.note from orders o join orders p on p.tenant_id = $1 where o.tenant_id = $1", UNTOLD, "5"),
    ("5", "select o.note from orders o where o.tenant_id = $1 and exists (select 1 from orders p where p.tenant_id = o.tenant_id and p.tenant_id = $1)",
     UNTOLD, "5"),
    ("5", "select note from orders where tenant_id = $1 and ($1 is null or tenant_id in ($1, 7))", UNTOLD, "5"),
    ("5", "select note, $1::int from orders where tenant_id = $1", UNTOLD, "5"), ("5", "select note, $1 + 1 from orders where tenant_id = $1", INT4, "5"),
    ("acme", "select note from named where tenant = $1", TEXT, "acme"), ("acme", "select note from named where tenant = $1", UNTOLD, "acme"),
    ("acme", "select note from named where tenant = $1::varchar", UNTOLD, "acme"), ("acme", "select note from named where tenant = $1::name", TEXT, "acme"),
    ("acme", "select note from named where tenant = $1", BPCHAR, "acme"), ("a", "select note from named where tenant = $1", CHAR, "a"),
    ("acme", "prepare p (text) as select note from named where tenant = $1; execute p('acme')", None, None),
    ("5", "prepare p (int) as select note from orders where tenant_id = $1; execute p(5)", None, None),
    ("5", "prepare p as select note from orders where tenant_id = $1::int; execute p('5')", None, None),
]


@pytest.fixture(scope="module")
def server(folder):
    cluster = postgres.Cluster(folder / "bound-pg")
    cluster.start()
    cluster.sql(SETUP)
    for tenant in {one for way in WAYS for one in way[:2]} | {own[0] for own in OWN}:
        cluster.sql(f"insert into named values ('{tenant}', 'of {tenant.strip()}')")
        if tenant.isdigit():
            cluster.sql(f"insert into orders values ({tenant}, 'of {tenant}')")
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def gateway(request, server, folder):
    rules = folder / "rules-bound"
    shutil.copytree(host.ROOT / "rules", rules)
    for column, table in (("tenant_id", "orders"), ("tenant", "named")):
        pack = rules / "packs" / f"tenants_of_{table}"
        shutil.copytree(rules / "packs" / "tenant_isolation", pack)
        (pack / "tenant_isolation_test.rego").unlink()
        text = (pack / "tenant_isolation.rego").read_text().replace("tenant_isolation", pack.name)
        (pack / "tenant_isolation.rego").unlink()
        (pack / f"{pack.name}.rego").write_text(text)
        replaced(pack / "data.yaml", {"enabled": True, "tables": [table], "column": column, "tenant_from": "application_name", "except_users": []})
    own = Gateway(request.config.getoption("--binary"), folder / "gateway-bound", f"{server.address}:{server.port}", rules_folder=rules)
    yield own.start()
    own.stop()


def played(wire, text, type_, value):
    if type_ is None:
        return wire.ask(query(text))
    if isinstance(type_, str):
        type_ = int(wire.rows(f"select '{type_}'::regtype::oid")[0][0])
    return wire.ask(parse(text, types=[type_]), describe("S"), bind([value.encode()]), execute(), SYNC)


def assert_refused(answer):
    assert [e["C"] for e in errors(answer)] == ["42501"] and "D" not in [m.kind for m in answer]


def rows_of(answer):
    assert errors(answer) == []
    return {m.columns[0].decode() for m in answer if m.kind == "D"}


@pytest.mark.parametrize("own, other, text, type_, value", WAYS)
def test_another_tenant(gateway, server, own, other, text, type_, value):
    with connect(server) as wire:
        assert f"of {other}" in rows_of(played(wire, text, type_, value)), "PostgreSQL does not show it"
    with connect(gateway, application_name=own) as wire:
        assert_refused(played(wire, text, type_, value))
        assert wire.rows("select 1") == [("1",)]


@pytest.mark.parametrize("own, text, type_, value", OWN)
def test_ones_own_tenant(gateway, own, text, type_, value):
    with connect(gateway, application_name=own) as wire:
        assert rows_of(played(wire, text, type_, value)) == {f"of {own}"}


#: Ways of asking without telling types, each of one text and one value for $1; the last answer is the statement's.
TALKS = {
    "one pipeline": lambda wire, text, value: wire.ask(parse(text), bind([value]), execute(), SYNC),
    "described": lambda wire, text, value: wire.ask(parse(text), describe("S"), bind([value]), execute(), SYNC),
    "described before": lambda wire, text, value: (wire.ask(parse(text, "s"), describe("S", "s"), SYNC), wire.ask(bind([value], "s"), execute(), SYNC))[1],
    "two steps": lambda wire, text, value: (wire.ask(parse(text), SYNC), wire.ask(bind([value]), execute(), SYNC))[1],
    "flushed": lambda wire, text, value: (wire.send(parse(text, "s"), FLUSH).until("1"), wire.ask(bind([value], "s"), describe(), execute(), SYNC))[1],
    "over and over": lambda wire, text, value: (wire.ask(parse(text, "s"), SYNC), wire.ask(bind([value], "s"), execute(), SYNC),
                                                wire.ask(bind([value], "s"), execute(), SYNC))[2],
    "behind others": lambda wire, text, value: wire.ask(parse("select $1::int where false", "other"), bind(["1"], "other"), execute(), parse(text),
                                                        bind([value]), execute(), SYNC),
    "two at once": lambda wire, text, value: (wire.ask(parse("select $1::int, $1 + 1 where false", "other"), SYNC),
                                              wire.ask(parse(text), bind(["1"], "other"), execute(), bind([value]), execute(), SYNC))[1],
    "in a transaction": lambda wire, text, value: (wire.rows("begin"), wire.ask(parse(text), bind([value]), execute(), SYNC), wire.ask(query("rollback")))[1],
    "EXECUTE": lambda wire, text, value: (wire.rows(f"prepare p as {text}"), wire.ask(query(f"execute p('{value}')")))[1],
    "EXECUTE in a transaction": lambda wire, text, value: (wire.rows(f"begin; prepare p as {text}"), wire.ask(query(f"execute p('{value}')")),
                                                           wire.ask(query("commit")))[1],
    "EXECUTE in a pipeline": lambda wire, text, value: wire.ask(parse(f"prepare p as {text}"), bind(), execute(), parse(f"execute p('{value}')"), bind(),
                                                                execute(), SYNC),
    "EXECUTE of Parse": lambda wire, text, value: (wire.ask(parse(text, "s"), SYNC), wire.ask(query(f"execute s('{value}')")))[1],
    "Bind of PREPARE": lambda wire, text, value: (wire.rows(f"prepare p as {text}"), wire.ask(bind([value], "p"), execute(), SYNC))[1],
    "after an error": lambda wire, text, value: (wire.ask(parse(text), bind([value, value]), SYNC), wire.ask(bind([value]), execute(), SYNC),
                                                 wire.ask(parse(text), bind([value]), execute(), SYNC))[2],
}
CUT = [
    ("acme", "a", "select n.note from mine m, named n where m.tenant = $1 and n.tenant = $1"),
    ("acme", "a", "select n.note from mine m, named n where m.tenant = $1 and n.tenant = $1::text"),
    ("acme ", "acme", "select n.note from mine_too m, named n where m.tenant = $1 and n.tenant = $1"),
    ("16777217", "16777216", "select o.note from measured m, orders o where m.tenant_id = $1 and o.tenant_id = $1"),
]
WHOLE = [
    ("5", "select o.note from orders o, orders p where o.tenant_id = $1 and p.tenant_id = $1"),
    ("acme", "select n.note from named n, named m where n.tenant = $1 and m.tenant = $1 and $1 is not null"),
    ("5", "select o.note from orders o where o.tenant_id = $1 and exists (select 1 from orders p where p.tenant_id = $1)"),
    ("acme", "with m as (select * from named where tenant = $1) select n.note from named n where n.tenant = $1 and $1 <> 'x'"),
    ("5", "select o.note from orders o where o.tenant_id = $1 and abs($1) > 0"),
]


@pytest.mark.parametrize("talk", TALKS)
@pytest.mark.parametrize("own, other, text", CUT)
def test_the_first_column_cuts_the_value(gateway, server, talk, own, other, text):
    with connect(server) as wire:
        assert rows_of(TALKS[talk](wire, text, own)) == {f"of {other}"}, "PostgreSQL does not show it"
    with connect(gateway, application_name=own) as wire:
        assert_refused(TALKS[talk](wire, text, own))
        assert wire.rows("select 1") == [("1",)]


@pytest.mark.parametrize("talk", TALKS)
@pytest.mark.parametrize("own, text", WHOLE)
def test_columns_of_one_type(gateway, server, talk, own, text):
    with connect(server) as wire:
        direct = TALKS[talk](wire, text, own)
    with connect(gateway, application_name=own) as wire:
        answer = TALKS[talk](wire, text, own)
        assert rows_of(answer) == {f"of {own}"} and [m.brief() for m in answer] == [m.brief() for m in direct]
        assert wire.rows("select 1") == [("1",)]


@pytest.mark.parametrize("text", ["select note from orders where tenant_id = $1", WHOLE[0][1]])
@pytest.mark.parametrize("described", [True, False])
def test_a_binary_value_without_a_type(gateway, text, described):
    """As pgx and tokio-postgres send it: by the type that ParameterDescription tells."""
    with connect(gateway, application_name="5") as wire:
        wire.ask(parse(text, "s"), *([describe("S", "s")] if described else []), SYNC)
        for tenant in (5, 7, 5):
            answer = wire.ask(bind([struct.pack("!q", tenant)], "s", formats=[1]), execute(), SYNC)
            assert_refused(answer) if tenant == 7 else rows_of(answer) == {"of 5"}


def test_what_cannot_be_asked(gateway):
    """PREPARE and EXECUTE in one query: the server has not seen the statement when it is decided."""
    with connect(gateway, application_name="5") as wire:
        assert_refused(wire.ask(query(f"prepare p as {WHOLE[0][1]}; execute p('5')")))
        assert_refused(wire.ask(query(f"prepare p as {WHOLE[0][1]}; execute p('7')")))
        assert wire.ask(query("execute p('5')"))[0].fields["C"] == "26000"


@pytest.mark.parametrize("talk", ["one pipeline", "described", "described before", "two steps", "over and over", "two at once", "in a transaction"])
def test_a_statement_that_does_not_parse(gateway, server, talk):
    def answer(of):
        with connect(of, application_name="5") as wire:
            text = "select o.note from orders o, nowhere p where o.tenant_id = $1 and p.tenant_id = $1"
            found = [m.brief() for m in TALKS[talk](wire, text, "5")]
            assert wire.rows("select 1") == [("1",)]
            return found

    assert answer(gateway) == answer(server)
