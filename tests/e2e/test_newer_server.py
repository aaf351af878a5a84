"""What PostgreSQL 18 brings: its protocol, and its statements under policies. Skipped with an older server, so run by

    tools/test --only newer
"""
import json
import subprocess

import pytest

from rig import host, postgres
from support.clients import program
from support.pgwire import connect, errors, query

SETUP = """
drop table if exists people, log cascade;
create table people (id int primary key, tenant text, email text, salary int, twice int generated always as (salary * 2) virtual);
create table log (id int, note text);
insert into people values (1, 'a', 'ada@example.org', 100), (2, 'b', 'bob@example.net', 200);
"""


def major():
    told = subprocess.run([postgres.SERVER_BIN / "postgres", "--version"], capture_output=True, text=True).stdout
    return int(told.split()[2].split(".")[0])


pytestmark = pytest.mark.skipif(major() < 18, reason="SIGNALBOX_POSTGRESQL names no PostgreSQL 18")


@pytest.fixture(autouse=True)
def prepared(request, pg):
    told = subprocess.run([request.config.getoption("--binary"), "version", "--output=json"], capture_output=True).stdout
    if 18 not in json.loads(told)["postgresql_grammars"]:
        pytest.skip("this build has no grammar of PostgreSQL 18")
    pg.sql(SETUP)


def policy(then, on, **match):
    rule = {"name": "the rule", "then": then} | ({"match": match} if match else {})
    return {"p.policy.yaml": json.dumps({"policy": "p", "on": [on], "rules": [rule]})}


def text(messages):
    return [tuple(None if v is None else v.decode() for v in m.columns) for m in messages if m.kind == "D"]


def asked(gateway, sql):
    with connect(gateway) as client:
        return client.ask(query(sql))


# ---- the protocol of libpq 18

@pytest.mark.parametrize("more", [{}, {"PGMAXPROTOCOLVERSION": "3.2"}, {"PGMAXPROTOCOLVERSION": "latest"}])
def test_the_newest_libpq_connects(gateway, more):
    libpq = postgres.SERVER_BIN.parent / "lib" / "libpq.so.5"
    done = program("psql", "-XAt", "-c", "select 1", server=gateway, LD_PRELOAD=str(libpq), **more)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_tls_from_the_first_byte(gateway):
    libpq = postgres.SERVER_BIN.parent / "lib" / "libpq.so.5"
    done = program("psql", "-XAt", "-c", "select 1", server=gateway, sslmode="require", PGSSLNEGOTIATION="direct",
                   LD_PRELOAD=str(libpq))
    assert (done.stdout, done.stderr) == ("1\n", "")


# ---- its statements

MASKED = [
    "update people set salary = salary returning old.email, new.email, id",
    "update people set salary = salary returning with (old as o, new as n) o.email, n.email",
    "delete from people where id = 1 returning old.*",
    "merge into people p using (values (1)) v(id) on v.id = p.id when matched then update set salary = 1 "
    "returning merge_action(), old.email, p.email",
    "insert into people (id, email, salary) values (1, 'new@example.org', 1) on conflict (id) do update set email = excluded.email "
    "returning old.email, new.email",
    "select j.e from people, json_table(json_array(email), '$[*]' columns (e text path '$')) j",
    "select any_value(email) from people",
    "select json_scalar(email), json_serialize(to_json(email)) from people",
]


@pytest.mark.parametrize("sql", MASKED)
def test_masked_columns_stay_masked(make_gateway, pg, sql):
    plain = asked(pg, f"begin; {sql}; rollback")
    assert any(b"@example" in m.body for m in plain), "the statement shows no secret"
    answer = asked(make_gateway(rules=policy([{"response": {"columns": ["people.email"]}}], "traffic_to_client")), sql)
    assert not errors(answer), answer
    assert not [m for m in answer if b"@example" in m.body]
    assert len(text(answer)) == len(text(plain))


REFUSED = [
    "merge into people p using log l on l.id = p.id when not matched by source then delete",
    "with d as (merge into people p using log l on l.id = p.id when not matched by source then delete returning p.id) select * from d",
    "explain (analyze, serialize text, memory) delete from people",
    "update people set salary = 0 returning old.salary",
    "alter table people add constraint positive check (salary > 0) not enforced",
    "alter table people alter column salary set expression as (1)",
    "create table spans (id int, during daterange, primary key (id, during without overlaps))",
    "copy people from stdin (on_error ignore, reject_limit 10)",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_writes_are_refused(make_gateway, pg, sql):
    gateway = make_gateway(rules=policy([{"deny": {"message": "no"}}], "traffic_from_client", **{"query.read_only": False}))
    assert [e["M"] for e in errors(asked(gateway, sql))] == ["no"]
    assert pg.sql("select count(*) || ' ' || sum(salary) from people") == "2 300"


REWRITTEN = [
    ("select id from people", ["1"]),
    ("update people set salary = salary + 1 returning old.id, new.id", ["1"]),
    ("select j.e from people, json_table(json_array(id), '$[*]' columns (e text path '$')) j", ["1"]),
    ("select json_value(json_object('a': id absent on null), '$.a' returning int default 5 on empty error on error) from people", ["1"]),
    ("select json_exists(to_jsonb(tenant), 'strict $') is not null, id from people", ["t"]),
    ("merge into people p using (values (1)) v(id) on v.id = p.id when matched then update set salary = 1 returning p.id", None),
]


@pytest.mark.parametrize("sql, ids", REWRITTEN, ids=[sql for sql, _ in REWRITTEN])
def test_statements_are_edited(make_gateway, sql, ids):
    gateway = make_gateway(rules=policy([{"request": {"where": {"people": "tenant = 'a'"}}}], "traffic_from_client"))
    answer = asked(gateway, sql)
    if ids is None:
        assert [e["C"] for e in errors(answer)] == ["0A000"]
    else:
        assert not errors(answer), answer
        assert [row[0] for row in text(answer)] == ids


def test_a_statement_newer_than_the_grammar_is_refused(make_gateway, pg):
    name = "parse_errors.policy.yaml"
    gateway = make_gateway(rules={name: (host.ROOT / "rules" / name).read_text()})
    assert errors(asked(gateway, "alter table people split partition p into (partition a default)"))
