"""COPY BOTH and the walsender's commands pass through: logical decoding, subscriptions, physical base backups."""
import subprocess
import time

import pytest

from rig import host, postgres
from support import clients, pgwire
from support.clients import needs_its_own_programs, program as run


@pytest.fixture
def published(pg):
    """A table with a publication and a logical slot."""
    pg.sql("drop table if exists news; create table news (id int primary key, text text); insert into news values (1, 'old')")
    pg.sql("drop publication if exists all_news; create publication all_news for table news")
    pg.sql("select pg_create_logical_replication_slot('decoding', 'test_decoding')")
    yield pg
    host.wait_until(lambda: drop_slot(pg, "decoding"), 20, "the slot is released")


def drop_slot(pg, name):
    try:
        pg.sql(f"select pg_drop_replication_slot('{name}')")
        return True
    except host.Failure:
        return False


@pytest.mark.parametrize("sslmode", ["disable", "verify-full"])
def test_pg_recvlogical(sslmode, published, gateway, authority, tmp_path):
    received = tmp_path / "changes"
    env = clients.environment(gateway, sslmode=sslmode, authority=authority)
    with subprocess.Popen([postgres.BIN / "pg_recvlogical", "--slot=decoding", "--start", "-f", received, "-d", "postgres",
                           "-F", "1", "-s", "1"], env=env) as receiver:
        published.sql("insert into news select i, repeat('x', 1000) from generate_series(2, 3000) i; delete from news where id = 1")
        try:
            host.wait_until(lambda: received.exists() and received.read_text().count("table public.news") >= 3000, 30,
                            "all changes arrive")
        finally:
            receiver.terminate()
    assert "table public.news: DELETE: id[integer]:1" in received.read_text()


def test_subscription(published, gateway, folder):
    """A real subscriber, whose conninfo names the gateway: initial copy and then changes."""
    subscriber = postgres.Cluster(folder / "subscriber").start()
    try:
        subscriber.sql("create table news (id int primary key, text text)")
        subscriber.sql(f"create subscription mine connection 'host={gateway.address} port={gateway.port} user=postgres "
                       "dbname=postgres' publication all_news")
        published.sql("insert into news values (2, 'new')")
        host.wait_until(lambda: subscriber.sql("select string_agg(text, ',' order by id) from news") == "old,new", 30,
                        "the subscriber catches up")
        subscriber.sql("drop subscription mine")
    finally:
        subscriber.stop()


@needs_its_own_programs
@pytest.mark.parametrize("sslmode", ["disable", "verify-full"])
def test_pg_basebackup(sslmode, pg, gateway, authority, tmp_path):
    """A backup with its WAL streamed beside it, verified against its manifest."""
    backup = tmp_path / "backup"
    done = run("pg_basebackup", "-D", backup, "-X", "stream", "-c", "fast", server=gateway, sslmode=sslmode,
               authority=authority)
    assert done.returncode == 0, done.stderr
    checked = subprocess.run([postgres.BIN / "pg_verifybackup", backup], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


@needs_its_own_programs
def test_pg_receivewal(pg, gateway, tmp_path):
    env = clients.environment(gateway)
    with subprocess.Popen([postgres.BIN / "pg_receivewal", "-D", tmp_path, "--no-loop"], env=env) as receiver:
        try:
            deadline = time.monotonic() + 20
            while not list(tmp_path.glob("*")) and time.monotonic() < deadline:
                time.sleep(0.1)
            pg.sql("select pg_switch_wal()")
            host.wait_until(lambda: [p for p in tmp_path.glob("*") if p.suffix != ".partial"], 20, "a whole segment arrives")
        finally:
            receiver.terminate()


def test_walsender_answers_sql_and_commands(pg, gateway):
    """replication=database takes SQL as well as its own grammar, on one connection."""
    def transcript(server):
        with pgwire.Wire((server.address, server.port)) as wire:
            wire.login(replication="database")
            found = []
            for text in ("SHOW server_version_num", "select 1 + 1", "IDENTIFY_NOTHING"):
                found += [m.brief() for m in wire.ask(pgwire.query(text))]
            system = wire.ask(pgwire.query("IDENTIFY_SYSTEM"))
            return found, pgwire.kinds(system), system[1].columns[0]

    assert transcript(gateway) == transcript(pg)
