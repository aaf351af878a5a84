"""PostgreSQL's own programs through the gateway: psql, pgbench, pg_dump, pg_restore, pg_dumpall, pg_isready."""
import pytest

from support.clients import needs_its_own_programs, program as run

SSLMODES = ["disable", "verify-full"]

# A database with a bit of everything that pg_dump knows how to write.
LIBRARY = """
create extension hstore; create extension pg_trgm;
create schema shop; create type shop.mood as enum ('sad', 'ok', 'happy'); create domain shop.cents as int check (value >= 0);
create sequence shop.numbers start 1000 increment 7;
create table shop.customer (id int generated always as identity primary key, name text not null collate "C",
  feeling shop.mood default 'ok', tags hstore, born date, paid shop.cents, doubled int generated always as (paid * 2) stored);
create table shop.orders (number bigint default nextval('shop.numbers'), customer int references shop.customer on delete cascade,
  placed timestamptz, lines jsonb, picture bytea, unique (number, placed)) partition by range (placed);
create table shop.orders_2025 partition of shop.orders for values from ('2025-01-01') to ('2026-01-01');
create table shop.orders_2026 partition of shop.orders for values from ('2026-01-01') to ('2027-01-01');
create index on shop.customer using gin (name gin_trgm_ops); create index on shop.orders (customer) where customer > 10;
create view shop.busy as select c.name, count(*) from shop.customer c join shop.orders o on o.customer = c.id group by 1;
create materialized view shop.totals as select customer, count(*) from shop.orders group by 1 with no data;
create function shop.shout(text) returns text language sql immutable as $$ select upper($1) || '!' $$;
create function shop.note() returns trigger language plpgsql as $$ begin new.name := trim(new.name); return new; end $$;
create trigger trimmed before insert on shop.customer for each row execute function shop.note();
create rule quiet as on delete to shop.customer where old.id = 1 do instead nothing;
alter table shop.customer enable row level security; create policy everyone on shop.customer using (true);
comment on table shop.customer is 'people; "quoted" and ''odd'' \\ text'; grant select on shop.customer to alice;
insert into shop.customer (name, feeling, tags, born, paid)
  select 'name ' || i, (array['sad','ok','happy'])[1 + i % 3]::shop.mood, hstore('k', i::text), date '1970-01-01' + i, i from generate_series(1, 500) i;
insert into shop.orders (customer, placed, lines, picture)
  select 1 + i % 500, timestamptz '2025-01-01' + i * interval '3 hours', jsonb_build_object('n', i, 'nothing', null), decode(md5(i::text), 'hex')
  from generate_series(1, 4000) i;
refresh materialized view shop.totals; select lo_from_bytea(0, '\\xdeadbeef'::bytea);
"""


@pytest.fixture(scope="module")
def library(pg):
    pg.sql("drop database if exists library")
    pg.sql("create database library")
    pg.sql(LIBRARY, database="library")
    return "library"


SCRIPT = r"""
\set VERBOSITY verbose
\set ON_ERROR_ROLLBACK on
select current_user, current_database();
\d shop.customer
\dt+ shop.*
\df shop.*
\x on
select * from shop.customer where id in (1, 2) order by id;
\x off
begin; insert into shop.customer (name) values ('  spaces  ') returning name, doubled; rollback;
begin; select 1/0; select 'after the error'; commit;
selec nonsense;
select 1; select 2 \; select 3;
\copy (select id, name from shop.customer order by id limit 3) to stdout with csv header
create temp table fed (a int, b text);
\copy fed from stdin
1	one
2	two
\.
select * from fed order by a;
select count(*) as total from shop.orders \gset
\echo :total
prepare p (int) as select name from shop.customer where id = $1; execute p(7); deallocate p;
set datestyle = 'german, dmy'; select date '2026-11-22'; set intervalstyle = 'iso_8601'; select interval '1 day 2 hours';
listen news; notify news, 'hello';
select generate_series(1, 5);
\encoding LATIN1
select 'gr' || chr(252) || 'n';
\encoding UTF8
do $$ begin raise notice 'a notice'; raise warning 'a warning'; raise exception 'an exception' using errcode = 'P1234', detail = 'd', hint = 'h'; end $$;
\set FETCH_COUNT 100
select count(*) from (select generate_series(1, 1000)) x;
select i from generate_series(1, 250) i where i % 50 = 0;
"""


@pytest.mark.parametrize("sslmode", SSLMODES)
def test_psql(sslmode, pg, gateway, library, authority):
    def transcript(server):
        done = run("psql", "-Xa", "-f", "-", server=server, text=SCRIPT, database=library, sslmode=sslmode, authority=authority)
        lines = (done.stdout + "-- errors\n" + done.stderr).splitlines()
        return [line for line in lines if "server process with PID" not in line]

    assert transcript(gateway) == transcript(pg)


def test_psql_startup_options(pg, gateway):
    """PGOPTIONS, PGTZ, PGDATESTYLE and PGCLIENTENCODING arrive as they were sent."""
    more = {"PGOPTIONS": r'-c search_path="a\ b",public --work_mem=3MB -c geqo=off', "PGTZ": "PST8PDT",
            "PGDATESTYLE": "Postgres, MDY", "PGCLIENTENCODING": "LATIN1", "PGAPPNAME": "an app"}
    ask = "select name, setting, source from pg_settings where source in ('client', 'session') order by name"
    direct = run("psql", "-XAtc", ask, server=pg, **more)
    assert direct.returncode == 0, direct.stderr
    assert run("psql", "-XAtc", ask, server=gateway, **more).stdout == direct.stdout


@pytest.mark.parametrize("sslmode", SSLMODES)
@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench(mode, sslmode, pg, gateway, authority):
    pg.sql("drop database if exists bench")
    pg.sql("create database bench")
    connection = dict(server=gateway, database="bench", sslmode=sslmode, authority=authority)
    assert run("pgbench", "-i", "-q", **connection).returncode == 0
    for script in ("-S", "-N", "-b tpcb-like"):
        done = run("pgbench", "-n", "-M", mode, "-c", 8, "-t", 40, *script.split(), **connection)
        assert done.returncode == 0 and "processed: 320/320" in done.stdout, done.stdout + done.stderr
    assert pg.sql("select count(*), sum(abalance) = (select sum(delta) from pgbench_history) from pgbench_accounts",
                  "bench").startswith("100000|")
    reconnecting = run("pgbench", "-n", "-C", "-S", "-c", 4, "-t", 25, **connection)
    assert "processed: 100/100" in reconnecting.stdout, reconnecting.stderr


@needs_its_own_programs
@pytest.mark.parametrize("sslmode", SSLMODES)
@pytest.mark.parametrize("form", ["plain", "custom", "directory"])
def test_dump_and_restore(form, sslmode, pg, gateway, library, authority, tmp_path):
    tls = dict(sslmode=sslmode, authority=authority)
    direct = run("pg_dump", server=pg, database=library)
    assert direct.returncode == 0
    archive = tmp_path / "archive"
    jobs = ["-j", 3] if form == "directory" else []
    dumped = run("pg_dump", f"--format={form}", "-f", archive, *jobs, server=gateway, database=library, **tls)
    assert dumped.returncode == 0, dumped.stderr
    pg.sql("drop database if exists copy_of_library")
    pg.sql("create database copy_of_library")
    target = dict(server=gateway, database="copy_of_library", **tls)
    if form == "plain":
        restored = run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", archive, **target)
    else:
        restored = run("pg_restore", "--exit-on-error", "-d", "copy_of_library", *jobs, archive, **target)
    assert restored.returncode == 0, restored.stderr
    assert comparable(run("pg_dump", server=pg, database="copy_of_library").stdout) == comparable(direct.stdout)


def comparable(dump):
    """A dump without what differs from run to run."""
    return [line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


@needs_its_own_programs
def test_dumpall_and_isready(pg, gateway):
    through, direct = (run("pg_dumpall", "--globals-only", server=server) for server in (gateway, pg))
    assert comparable(through.stdout) == comparable(direct.stdout) and through.returncode == 0, through.stderr
    assert run("pg_isready", server=gateway).returncode == 0


def test_maintenance_programs(pg, gateway, library):
    for program, *arguments in (("vacuumdb", "-z", "-j", 2), ("reindexdb",), ("clusterdb",), ("pg_amcheck", "--install-missing")):
        done = run(program, *arguments, "-d", library, server=gateway)
        assert done.returncode == 0, f"{program}: {done.stderr}"
