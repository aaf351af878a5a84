"""Ways around tenant isolation by bound values: the value as the client sends it is the client's own tenant, and what PostgreSQL makes of
it, by the parameter's type or a cast, is another's.
"""
import shutil

import pytest

from rig import host, postgres
from rig.gateway import Gateway
from support.pgwire import SYNC, bind, connect, describe, errors, execute, parse, query
from test_false_positives import replaced

CHAR, INT4, INT8, TEXT, FLOAT4, FLOAT8, BPCHAR, BIT, NUMERIC, UNTOLD = 18, 23, 20, 25, 700, 701, 1042, 1560, 1700, 0

SETUP = """
create table orders (tenant_id bigint, note text); create table named (tenant text, note text);
create table letters (letter "char", ratio real, bits varbit); insert into letters values ('a', 16777217, '10'), ('5', 1, '11');
create domain letter as "char"; create domain tens as numeric(3, -1);
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


@pytest.mark.parametrize("own, other, text, type_, value", WAYS)
def test_another_tenant(gateway, server, own, other, text, type_, value):
    with connect(server) as wire:
        seen = {row.columns[0] for row in played(wire, text, type_, value) if row.kind == "D"}
        assert f"of {other}" in {one.decode() for one in seen}, "PostgreSQL does not show it"
    with connect(gateway, application_name=own) as wire:
        answer = played(wire, text, type_, value)
        assert [e["C"] for e in errors(answer)] == ["42501"] and "D" not in [m.kind for m in answer]
        assert wire.rows("select 1") == [("1",)]


@pytest.mark.parametrize("own, text, type_, value", OWN)
def test_ones_own_tenant(gateway, own, text, type_, value):
    with connect(gateway, application_name=own) as wire:
        answer = played(wire, text, type_, value)
        assert errors(answer) == [] and {m.columns[0].decode() for m in answer if m.kind == "D"} == {f"of {own}"}
