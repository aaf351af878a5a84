"""Ways around the packs whose subject is a session, a clock or a count rather than a text: each a conversation, with the
server's own log as witness of what arrived.
"""
import datetime
import shutil
import socket
import time

import pytest

from conftest import summarise
from rig import host, postgres
from rig.gateway import Gateway
from support import pgwire
from support.guard import PROBER
from support.pgwire import COPY_DONE, FLUSH, SYNC, Wire, bind, connect, errors, execute, function_call, message, parse, query
from test_bypass_packs import Tables
from test_false_positives import replaced

played = []


@pytest.fixture(scope="module")
def guarded(folder):
    cluster = postgres.Cluster(folder / "pack-sessions-pg", settings={"log_statement": "all", "log_min_duration_statement": "0"})
    cluster.start()
    tables = Tables(cluster)
    tables.create()
    cluster.sql("create role migrator superuser login; create role clerk login; grant all on all tables in schema public to clerk")
    yield tables
    tables.direct.drop()
    cluster.stop()
    summarise(f"packs, sessions: {len(played)} ways tried")


@pytest.fixture
def behind(request, guarded, folder):
    """behind(packs, base, config): a gateway with these packs, by their data, and the base set or without it."""
    running = []

    def make(packs, base=False, **config):
        rules = folder / f"rules-{request.node.originalname}-{len(running)}-{time.monotonic_ns()}"
        shutil.copytree(host.ROOT / "rules", rules)
        for unwanted in () if base else ("unbounded_writes.rego", "server_access.rego"):
            (rules / unwanted).unlink()
        for name, values in packs.items():
            replaced(rules / "packs" / name / "data.yaml", {"enabled": True, **values})
        own = Gateway(request.config.getoption("--binary"), rules.with_name(rules.name.replace("rules", "gateway")),
                      f"{guarded.server.address}:{guarded.server.port}", rules_folder=rules, **config)
        running.append(own)
        return own.start()

    yield make
    for own in running:
        own.stop()


def refused(answer, code=None):
    found = errors(answer)
    assert found, pgwire.kinds(answer)
    assert code is None or found[0]["C"] == code, found
    return found


# --- migration_tools: who is no tool, and what no tool may

TOOLS = {"migration_tools": {"tools": [{"users": ["migrator"], "applications": ["alembic*"], "networks": ["127.0.0.1/32"], "databases": ["postgres"]}]},
         "ddl_freeze": {}, "dangerous_functions": {"except_users": []}}
DDL = "create table frozen (a int)"


def test_who_is_no_migration_tool(behind, guarded):
    gateway = behind(TOOLS)
    tool = {"user": "migrator", "application_name": "alembic 1.8"}
    with connect(gateway, **tool) as wire:
        assert errors(wire.ask(query("begin"), query(DDL), query("rollback"), ready=3)) == []
    guarded.server.sql("create database elsewhere")
    for login, before in (
            ({"user": PROBER, "application_name": "alembic 1.8"}, []),
            ({"user": PROBER, "application_name": "alembic", "options": "-c session_authorization=migrator"}, []),
            ({"user": PROBER, "application_name": "alembic"}, ["set session authorization migrator"]),
            ({"user": PROBER, "application_name": "alembic"}, ["set role migrator"]),
            ({"user": PROBER, "options": "-c application_name=alembic"}, []),
            ({"user": PROBER}, ["set application_name = 'alembic'"]),
            ({"user": "migrator"}, []), ({"user": "migrator", "application_name": "Alembic"}, []),
            ({"user": "migrator", "application_name": " alembic"}, []), ({"user": "migrator", "application_name": "psql"}, []),
            ({**tool, "database": "elsewhere"}, [])):
        played.append(login)
        with connect(gateway, **login) as wire:
            for text in before:
                wire.ask(query(text))
            refused(wire.ask(query(DDL)), "42501")
            refused(wire.ask(parse(DDL), bind(), execute(), SYNC), "42501")
    assert guarded.server.sql("select count(*) from pg_class where relname = 'frozen'") == "0"


BEYOND = [
    "copy board to program 'true'", "copy board from program 'true'", "copy (select 1) to '/tmp/signalbox-x'", "copy board from '/etc/passwd'",
    "alter system set work_mem = '5MB'", "load 'auto_explain'", "select pg_read_file('PG_VERSION')", "select ('PG_VERSION'::text).pg_read_file",
    "select lo_import('/etc/passwd')", "create table x as select pg_read_file('PG_VERSION')", "create view x as select pg_read_file('PG_VERSION')",
    "do $$ begin perform pg_read_file('PG_VERSION'); end $$", "do $$ begin execute 'copy board to program ''true'''; end $$",
    "do $$ declare x text := 'true'; begin execute 'copy board to program ' || quote_literal(x); end $$",
    "do $$ begin execute format('copy board to %s', 'program ''true'''); end $$",
    "create function x() returns text language sql as $$ select pg_read_file('PG_VERSION') $$",
    "create function x() returns int language c as 'libc', 'getpid'", "create function x(text) returns text language internal as 'pg_read_file'",
    "create extension file_fdw", "create extension dblink", "create language plpython3u", "create foreign data wrapper w",
    "explain analyze select pg_read_file('PG_VERSION')", "prepare x as select pg_read_file('PG_VERSION')",
    "prepare y as select 1; deallocate y; create table x as select pg_ls_dir('.')", "create table x (a text default pg_read_file('PG_VERSION'))",
    "select query_to_xml('select pg_read_file(''PG_VERSION'')', true, true, '')", "create index x on board (pg_read_file('PG_VERSION'))",
    "begin; create table x (); copy board to program 'true'; commit", "select 1; load 'auto_explain'",
    "drop database other", "create tablespace x location '/tmp'", "create subscription x connection 'host=evil' publication p",
]


def test_what_no_migration_tool_may(behind, guarded):
    """It is left to the other packs and to the base set, which refuse it."""
    gateway = behind(TOOLS, base=True)
    passed = []
    for text in BEYOND:
        played.append(text)
        guarded.look()
        with connect(gateway, user="migrator", application_name="alembic") as wire:
            answers = [wire.ask(query(text)), wire.ask(query(f"select 1; {text}"))]
            if ";" not in text.replace("; end", ""):
                answers.append(wire.ask(parse(text), bind(), execute(), SYNC))
        if not all(errors(answer) and errors(answer)[0]["C"] in ("42501", "25006", "42601") for answer in answers):
            passed.append((text, [errors(answer)[:1] for answer in answers]))
    assert passed == []


# --- network_zones: who connects from where

# --- network_zones: who connects from where

ZONES = {"network_zones": {"zones": {"office": ["10.0.0.0/8", "2001:db8::/32"], "here": ["127.0.0.1/32"]},
                           "rules": [{"users": ["postgres", "x" * 63, "svc_*"], "zones": ["office"]}, {"users": ["*"], "zones": ["here"]}]}}


@pytest.mark.parametrize("parameters", [
    {"user": "postgres"}, {"user": "postgres", "replication": "database"}, {"user": "postgres", "replication": "true"}, {"user": "postgres", "database": "other"},
    {"user": "postgres", "options": "-c role=clerk"}, {"user": "postgres", "application_name": "10.0.0.1"}, {"user": "svc_batch"}, {"user": "svc_"}, {"user": "svc_\n"},
    {"user": "x" * 63}, {"user": "x" * 64}, {"user": "x" * 200}, {"user": "postgres", "client_encoding": "latin1"}, {"user": "postgres", "_pq_.x": "1"},
])
def test_logins_from_another_network(parameters, behind, guarded):
    played.append(parameters)
    gateway = behind(ZONES)
    guarded.server.sql("do $$ begin create role svc_batch login; exception when duplicate_object then null; end $$")
    with Wire((gateway.address, gateway.port)) as wire:
        last = wire.login(**parameters)[-1]
        assert last.kind == "E" and last.fields["C"] == "28000", last
    with Wire((gateway.address, gateway.port)) as wire:  # the name that counts is the last one, as for the server
        wire.send(pgwire.message(b"", b"")[:0], raw_startup(b"user\0clerk\0user\0postgres\0database\0postgres\0\0"))
        assert wire.receive().kind == "E"
    with connect(gateway, user="clerk") as wire:
        assert wire.rows("select 1") == [("1",)]


def raw_startup(body):
    return (len(body) + 8).to_bytes(4, "big") + (196608).to_bytes(4, "big") + body


# --- working_hours: what goes on when they end

def test_nothing_outlives_the_working_hours(behind, guarded):
    """Sessions, statements, portals and cursors from before come to a stop with the minute that is the end."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if now.second > 50:
        time.sleep(61 - now.second)
        now = datetime.datetime.now(datetime.timezone.utc)
    end = (now + datetime.timedelta(minutes=1)).strftime("%H:%M")
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    gateway = behind({"working_hours": {"except_users": ["postgres"], "days": days, "from": "00:00", "until": "24:00" if end == "00:00" else end, "statements": True}})
    text = "select note from board"
    with connect(gateway, user=PROBER) as wire, connect(gateway, user=PROBER) as open_wire, connect(gateway, user=PROBER) as copying:
        for _ in range(3):
            assert errors(wire.ask(query(text))) == []
        wire.ask(parse(text, "s"), SYNC, query(f"prepare p as {text}"), ready=2)
        open_wire.ask(query("begin"), parse(text), bind((), "", "c"), execute("c", 1), FLUSH + SYNC, query(f"declare d cursor for {text}"), ready=3)
        copying.ask(query("create temp table fed (a text)"))
        time.sleep(max(0.0, 61 - datetime.datetime.now(datetime.timezone.utc).second))
        guarded.look()
        for messages in ([query(text)], [bind((), "s"), execute(), SYNC], [query("execute p")], [parse(text), bind(), execute(), SYNC],
                         [query("explain analyze execute p")], [function_call(1598)], [query("select 1; " + text)], [query("")]):
            played.append(messages)
            if messages != [query("")]:
                refused(wire.ask(*messages), "28000")
        refused(open_wire.ask(query("fetch all d")), "28000")
        refused(copying.ask(query("copy pg_temp.fed from stdin")), "28000")
    with Wire((gateway.address, gateway.port)) as late:
        assert late.login(user=PROBER)[-1].fields["C"] == "28000"
    assert [found for found in guarded.arrived() if "board" in found or "execute" in found] == []
    with connect(gateway, user="postgres") as wire:
        assert wire.rows("select 1") == [("1",)]


# --- read_write_split: what is no read

WRITES = [
    "insert into board values (7, 'x')", "with d as (delete from items where id = 7 returning 1) select * from d", "select * from board for update",
    "select * from board for key share", "select nextval('counter')", "select setval('counter', 5)", "select settle()", "select pg_advisory_lock(1)",
    "select * into temp t from board", "create temp table t as select 1", "explain analyze delete from items where id = 7", "select lo_create(0)",
    "select set_config('work_mem', '5MB', false)", "set work_mem = '5MB'", "select pg_notify('a', 'b')", "listen a", "lock board in share mode",
    "do $$ begin perform 1; end $$", "select txid_current()", "copy board from stdin", "prepare p as delete from items where id = 7; execute p",
    "select query_to_xml('delete from items where id = 7', true, true, '')", "begin; declare c cursor for select * from board for update; fetch c; commit",
    "refresh materialized view m", "call p()", "vacuum board", "truncate items", "merge into items i using board b on false when not matched then insert values (7, 7)",
    "select pg_sleep(0), settle()", "table board for share", "select case when true then settle() end", "select 1 from board order by settle()",
    "values (settle())", "select * from board where settle() = 1", "select (select settle())", "select 1; select settle()",
]


def test_no_write_is_routed_away(behind, guarded, folder):
    """A second server stands in the replica's place: what is no read never comes there."""
    other = postgres.Cluster(folder / "split-pg", settings={"log_statement": "all"})
    other.start()
    other.sql(f"create role {PROBER} superuser login")
    plain = {"tls": {"mode": "disable"}}
    gateway = behind({}, config={"targets": [{"name": "one", "address": f"127.0.0.1:{guarded.server.port}", "role": "primary", **plain},
                                             {"name": "two", "address": f"127.0.0.1:{other.port}", "role": "replica", **plain}]})
    gateway.write_rules((host.ROOT / "rules/packs/read_write_split/read_write_split.policy.yaml").read_text().replace("max_lag: 2s, read_your_writes: true", "on_unavailable: stay"),
                        "split.policy.yaml")
    gateway.write_rules('{"packs": {"read_write_split": {"enabled": true}}}', "data.json")
    gateway.reload()
    log = other.folder / "postgres.log"
    with connect(gateway, user=PROBER) as wire:
        before = log.stat().st_size
        passed = []
        for text in WRITES:
            played.append(text)
            messages = [query(text)] if "from stdin" not in text else [query(text), COPY_DONE]
            wire.ask(*messages, *([query("")] if len(messages) > 1 else []), ready=len(messages))
            wire.ask(query("rollback"))
            if ";" not in text and "stdin" not in text:
                wire.ask(parse(text), bind(), execute(), SYNC)
            with log.open() as file:
                file.seek(before)
                found = [line for line in file.read().splitlines() if PROBER in line and ("statement:" in line or "execute" in line)]
            if any(text.split(";")[-1].strip()[:30] in line for line in found):
                passed.append(text)
        assert passed == []
    other.stop()


# --- rate_limits: what counts

def arrived(guarded, part):
    return sum(part in text for text in guarded.arrived())


WAYS = {
    "one query": lambda wire: wire.ask(query("; ".join(["select 'mark'"] * 30))),
    "queries at once": lambda wire: wire.ask(*[query("select 'mark'")] * 30, ready=30),
    "executed again": lambda wire: wire.ask(parse("select 'mark'", "s"), SYNC, *[part for _ in range(30) for part in (bind((), "s"), execute(), SYNC)], ready=31),
    "a pipeline": lambda wire: wire.ask(*[part for _ in range(30) for part in (parse("select 'mark'"), bind(), execute())], SYNC),
    "SQL's EXECUTE": lambda wire: wire.ask(query("prepare p as select 'mark'"), *[query("execute p")] * 30, ready=31),
    "within EXPLAIN": lambda wire: wire.ask(*[query("explain analyze select 'mark'")] * 30, ready=30),
    "within COPY": lambda wire: wire.ask(*[query("copy (select 'mark') to stdout")] * 30, ready=30),
    "bytes": lambda wire: wire.ask(*[query("select 'mark'")] * 30, ready=30, step=1),
    "in a transaction": lambda wire: wire.ask(query("begin"), *[query("select 'mark'")] * 30, query("rollback"), ready=32),
    "with spellings": lambda wire: wire.ask(*[query(f"select 'mark' /* {i} */, {i}") for i in range(30)], ready=30),
}


@pytest.mark.parametrize("way", WAYS)
def test_statements_are_counted_however_they_come(way, behind, guarded):
    played.append(way)
    gateway = behind({"rate_limits": {"statements": [{"users": ["*"], "rate": 1, "per": "1h", "burst": 10, "on_excess": "refuse"}],
                                      "logins": {"rate": 1000, "per": "1s", "burst": 1000}, "sizes": []}})
    guarded.look()
    with connect(gateway, user=PROBER) as wire:
        answer = WAYS[way](wire)
        assert any(found["C"] == "53400" for found in errors(answer)), errors(answer)[:2]
    with connect(gateway, user=PROBER) as wire:  # another session is the same user
        WAYS[way](wire)
    with connect(gateway, user=PROBER) as wire:
        refused(wire.ask(query("select 'mark'")))
        refused(wire.ask(function_call(int(guarded.server.sql("select 'pg_backend_pid()'::regprocedure::oid")))))
        refused(wire.ask(query("set role clerk")))
    lines = 4 if way in ("a pipeline", "executed again") else 2  # in the log: parsed, bound, executed
    assert arrived(guarded, "'mark'") <= lines * 10


UNBOUNDED = [
    "select * from board", "table board", "select * from only board", "select * from board where true", "select * from board where 1 + 1 = 2",
    "select * from board where note is null or note is not null", "select * from board limit all", "select * from board limit null",
    "select * from board union all select * from board", "select * from board where id = 1 union select * from board", "select count(*) from board",
    "with b as (select * from board) select * from b", "select (select max(note) from board)", "explain analyze select * from board",
    "copy board to stdout", "copy (select * from board) to stdout", "create temp table mine as select * from board", "select * into temp mine from board",
    "insert into items select id + 100, 1 from board", "prepare p as select * from board; execute p", "begin; declare c cursor for select * from board; fetch all c; commit",
    "update board set note = note", "update board set note = note where true", "delete from items", "delete from items where length('a') = 1",
    "do $$ begin perform * from board; end $$", "with d as (delete from items returning 1) select * from d",
]


@pytest.mark.parametrize("text", UNBOUNDED)
def test_unbounded_statements_are_counted(text, behind, guarded):
    played.append(text)
    gateway = behind({"rate_limits": {"unbounded": {"rate": 1, "per": "1h", "burst": 2}, "logins": {"rate": 1000, "per": "1s", "burst": 1000}, "sizes": []}})
    with connect(gateway, user=PROBER) as wire:
        codes = []
        for _ in range(4):
            codes += [found["C"] for found in errors(wire.ask(query(text)))]
            wire.ask(query("rollback"), query("deallocate all"), query("drop table if exists pg_temp.mine"), ready=3)
        assert "53400" in codes, text
    with connect(gateway, user=PROBER) as wire:
        assert errors(wire.ask(query("select * from board where id = 1"))) == []
    guarded.create()
