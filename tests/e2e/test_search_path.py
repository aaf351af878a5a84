"""The search_path that the gateway follows, against a real server's: whatever a session does to it, a name that the gateway
resolves means the table that PostgreSQL means, and where the gateway cannot know it says so.

Tables `t` stand in three schemas. A statement that carries /*truth='s1'*/ is refused when the gateway says that `t` is another
schema's; one that carries /*known='s1'*/, when it does not say s1.
"""
import random

import pytest

from conftest import summarise
from rig import host, postgres
from support.pgwire import SYNC, bind, connect, errors, execute, parse, query

TELL = """
package policies.tell

import rego.v1

actions contains {"action": "error", "sqlstate": "P0001", "message": schema} if {
	input.query.tables[0].name == "t"
	schema := input.query.tables[0].schema
	schema != ""
	schema != input.query.comment.truth
}

actions contains {"action": "error", "sqlstate": "P0002", "message": "not known"} if {
	input.query.comment.known != input.query.tables[0].schema
}

actions contains {"action": "error", "sqlstate": "P0003", "message": input.query.catalog} if input.query.kind == "show"
"""
TRUTH = "select (select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace " \
        "where c.oid = pg_catalog.to_regclass('t'))"
SCHEMAS = ["s1", "s2", "s3"]


@pytest.fixture(scope="module")
def server(folder):
    cluster = postgres.Cluster(folder / "path-pg", hba=["host all reader 127.0.0.1/32 scram-sha-256"])
    cluster.start()
    cluster.sql("set password_encryption = 'scram-sha-256'; create role reader login password 'to read'; create role s3 superuser login;"
                "create role wanderer superuser login; alter role wanderer set search_path = s2, public;"
                "create schema closed; create table closed.t (id int); create role plain login; alter role plain set search_path = closed, s1;"
                "create function moves() returns void language sql as $$select set_config('search_path', 's2', false)$$;"
                "create function keeps() returns void set search_path = s2 language sql as 'select 1';" +
                "".join(f"create schema {name}; create table {name}.t (id int); grant usage on schema {name} to public; grant select on {name}.t to public;" for name in SCHEMAS))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def gateway(request, server, folder):
    from rig.gateway import Gateway
    target = {"name": "main", "address": f"{server.address}:{server.port}",
              "catalog": {"user": "reader", "password": "to read", "refresh": "60s"}}
    own = Gateway(request.config.getoption("--binary"), folder / "path-gateway", "unused:1", rules={"tell.rego": TELL}, config={"targets": [target]})
    own.start()

    def known():
        with connect(own, user="wanderer") as wire:
            return errors(wire.ask(query("show server_version")))[0]["M"] == "known"
    host.wait_until(known, 10, "the catalogue is known")
    yield own
    own.stop()


def truth(wire):
    return wire.rows(TRUTH)[0][0]


def knows(wire):
    """The gateway says of `t` what PostgreSQL says; of a statement sent anew, and of one with values."""
    schema = truth(wire)
    if schema is None:
        return True
    found = errors(wire.ask(query(f"select 1 from t where false /*known='{schema}',truth='{schema}'*/")))
    assert all(one["C"] == "P0002" for one in found), (schema, found)
    return not found


def run(wire, text, extended=False, name=""):
    return wire.ask(parse(text, name), bind((), name), execute(), SYNC) if extended else wire.ask(query(text))


#: What is done, and whether the path is known afterwards; each in a session of its own that begins with s2, public.
TOLD = [
    (["select 1"], True),
    (["set search_path = s1"], True),
    (["set search_path = \"s1\", s2"], True),
    (["set search_path to 's3', 's1'"], True),
    (["set schema 's1'"], True),
    (["set search_path = s1; select 1"], True),
    (["set search_path = s1", "reset search_path"], True),
    (["set search_path = s1", "set search_path to default"], True),
    (["set search_path = s1", "reset all"], True),
    (["set search_path = s1", "discard all"], True),
    (["select set_config('search_path', 's1', false)"], True),
    (["select set_config('search_path', 's1', true)"], True),
    (["set local search_path = s1"], True),
    (["set role s3", "set search_path = \"$user\", s1"], True),
    (["set search_path = \"$user\", s1", "set role s3"], True),
    (["set search_path = \"$user\", s1", "set role s3", "reset role"], True),
    (["begin", "set local search_path = s1", "commit"], True),
    (["begin", "set search_path = s1", "rollback"], True),
    (["begin", "set search_path = s1", "select 1/0", "rollback"], True),
    (["begin", "set search_path = s1", "select 1/0", "commit"], True),
    (["begin", "savepoint a", "set search_path = s1", "rollback to a", "commit"], True),
    (["begin; set search_path = s1", "savepoint a", "set local search_path = s3", "release a", "commit"], True),
    (["begin", "set local search_path = s1", "set search_path = s3", "commit"], True),
    (["set search_path = s1", "select public.keeps()", "discard all"], True),
    (["select public.moves()"], False),
    (["select public.keeps()"], False),
    (["do $$ begin perform set_config('search_path', 's1', false); end $$"], False),
    (["select set_config('search_path', 's1', false) from pg_class limit 1"], False),
    (["select set_config('search_path', 's1', false) where false"], False),
    (["create temp table x (id int)"], False),
    (["prepare p as select set_config('search_path', 's1', false)", "execute p"], False),
    (["set search_path = s1; rollback"], False),
    (["set search_path = s1; select 1/0"], False),
    (["alter role wanderer set search_path = s2, public"], True),
    (["create table s1.made (id int)", "drop table s1.made"], True),
]


@pytest.mark.parametrize("extended", [False, True], ids=["simple", "extended"])
def test_what_is_followed(server, gateway, extended):
    wrong = []
    for texts, known in TOLD:
        if extended and any(";" in text for text in texts):
            continue
        with connect(gateway, user="wanderer") as wire:
            host.wait_until(lambda: errors(wire.ask(query("show server_version")))[0]["M"] == "known", 10, "the catalogue is known")
            assert knows(wire)
            for text in texts:
                run(wire, text, extended)
            host.wait_until(lambda: errors(wire.ask(query("show server_version")))[0]["M"] == "known", 10, "the catalogue is known")
            told = "search_path" in wire.parameters  # by a server from PostgreSQL 18 on, which may know more
            if knows(wire) != known and (known or not told):
                wrong.append((texts, known))
    summarise(f"search_path, {'extended' if extended else 'simple'}: {len(TOLD)} courses, {len(wrong)} not as expected")
    assert wrong == []


def test_what_is_prepared_moves_it_when_it_runs(gateway):
    with connect(gateway, user="wanderer") as wire:
        wire.ask(parse("set search_path = s1", "set"), SYNC)
        wire.ask(parse("select 1 from t where false /*truth='s2'*/", "ask"), SYNC)
        assert knows(wire) and truth(wire) == "s2"
        assert errors(wire.ask(bind((), "ask"), execute(), SYNC)) == []
        wire.ask(bind((), "set"), SYNC)  # bound, never executed
        assert knows(wire) and truth(wire) == "s2"
        wire.ask(bind((), "set"), execute(), SYNC)
        assert knows(wire) and truth(wire) == "s1"
        assert errors(wire.ask(bind((), "ask"), execute(), SYNC))[0]["M"] == "s1"  # decided again


def test_in_one_pipeline(gateway):
    """Behind an unanswered SET the path is the new one, or not known; never the old one."""
    with connect(gateway, user="wanderer") as wire:
        ask = "select 1 from t where false /*truth='{}'*/"
        answer = wire.ask(parse("set search_path = s1"), bind(), execute(), parse(ask.format("s1")), bind(), execute(), SYNC)
        assert errors(answer) == []
        answer = wire.ask(query("set search_path = s3"), query(ask.format("s3")), ready=2)
        assert errors(answer) == []
        assert knows(wire) and truth(wire) == "s3"


def test_by_log_in(gateway):
    for login in ({"options": "-c search_path=s1"}, {"search_path": "s1,public"}, {"Search_Path": "s1"}, {"options": "--search-path=s1"}):
        with connect(gateway, user="wanderer", **login) as wire:
            assert knows(wire) and truth(wire) == "s1"
            wire.ask(query("set search_path = s3"))
            assert knows(wire)
            wire.ask(query("reset search_path"))
            assert knows(wire) and truth(wire) == "s1"
    with connect(gateway, user="wanderer", options="-c role=s3") as wire:
        wire.ask(query('set search_path = "$user", s1'))
        assert truth(wire) == "s3" and not knows(wire)


def test_a_schema_that_the_role_may_not_use(gateway):
    """PostgreSQL passes over it, and the gateway does not say that `t` is its."""
    with connect(gateway, user="plain") as wire:
        assert truth(wire) == "s1"
        assert not knows(wire)
        wire.ask(query("set search_path = s1, closed"))
        assert knows(wire) and truth(wire) == "s1"


STEPS = [
    *[f"set search_path = {name}" for name in SCHEMAS], *[f"set local search_path = {name}" for name in SCHEMAS],
    "select set_config('search_path', 's1, s2', false)", "select set_config('search_path', 's3', true)", "reset search_path",
    "set search_path to default", "set local search_path to default", 'set search_path = "$user", s1', "set role s3", "set local role s3",
    "reset role", "set role none", "begin", "begin", "begin", "commit", "commit", "rollback", "rollback", "savepoint a", "savepoint b",
    "rollback to a", "rollback to b", "release a", "release b", "rollback and chain", "commit and chain", "reset all", "discard all",
    "select 1/0", "select 1", "begin; set search_path = s1", "set search_path = s2; begin", "set local search_path = s3; select 1",
    "set search_path = s1; rollback", "commit; set search_path = s2", "set search_path = s3; select 1/0", "set session authorization s3",
    "reset session authorization",
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(8))
def test_any_course(gateway, seed):
    """Random courses, simple and extended, one by one and in pipelines: what the gateway says is never another schema's."""
    chance = random.Random(seed)
    asked = known = 0
    for _ in range(6):
        with connect(gateway, user="wanderer") as wire:
            for _ in range(40):
                steps = [chance.choice(STEPS) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
                messages = []
                for text in steps:
                    one = chance.random() < 0.3 and ";" not in text
                    messages.append([parse(text), bind(), execute(), SYNC] if one else [query(text)])
                answer = wire.ask(*[part for message in messages for part in message], ready=len(messages))
                if answer[-1].body == b"E":
                    continue
                asked += 1
                known += knows(wire)
    summarise(f"search_path, random courses {seed}: asked {asked} times, known {known}")
    assert asked > 50 and known > asked / 4
