"""The shipped packs against support/pack_corpus.py: each text in a session of its own, by both protocols, alone, behind another
statement and in a transaction. Each is refused, nothing of it is in the server's log, the tables stay as they are.
"""
import shutil

import pytest

from conftest import summarise
from rig import host, postgres
from support import pack_corpus as corpus
from support import pgwire
from support.guard import PROBER, Guarded
from support.pgwire import COPY_DONE, SYNC, bind, connect, errors, execute, parse, query
from test_false_positives import replaced

PACKS = {
    "tenant_isolation": (corpus.TENANT, {"tables": ["orders"], "tenants": {PROBER: 1}, "except_users": []}),
    "pii_columns": (corpus.PERSONAL, {"readers": ["nobody"], "columns": {"*": ["email"], "customers": ["email", "address"]}}),
    "read_only": (corpus.CHANGES, {"except_users": []}),
    "dangerous_functions": (corpus.FUNCTIONS, {"except_users": []}),
    "superuser_guard": (corpus.POWER, {"superusers": ["postgres"]}),
    "ddl_freeze": (corpus.FROZEN, {}),
    "injection_shapes": (corpus.INJECTED, {"except_users": []}),
    "no_unbounded_writes": (corpus.UNBOUNDED, {"by_key": {"board": ["id"]}}),
}
#: Of these packs, what PostgreSQL refuses for a reason that has nothing to do with changing: no such object, not in a
#: transaction, reserved.
STRICT = {"injection_shapes", "read_only", "dangerous_functions", "superuser_guard", "ddl_freeze"}
NOT_HERE = {"25001", "42883", "42P01", "42704", "0A000", "55000", "42809", "42601", "42P16",
            "42939", "2BP01", "22P02"}


class Tables(Guarded):
    def create(self):
        self.server.sql(f"drop schema public cascade; create schema public; {corpus.SETUP}")
        self.server.sql(f"do $$ begin create role {PROBER} superuser login; exception when duplicate_object then null; end $$")
        self.direct = self.direct or connect(self.server)
        self.before = self.contents()

    def contents(self):
        whole = "(select string_agg(t::text, ',' order by t::text) from {} t)"
        return self.direct.rows("select " + ", ".join(whole.format(name) for name in ("orders", "items", "customers", "board")) +
                                ", (select last_value from counter), (select count(*) from pg_class), (select count(*) from pg_proc)")


@pytest.fixture(scope="module")
def guarded(folder):
    cluster = postgres.Cluster(folder / "packs-pg", settings={"log_statement": "all", "log_min_duration_statement": "0", "wal_level": "logical"})
    cluster.start()
    tables = Tables(cluster)
    tables.create()
    yield tables
    tables.direct.drop()
    cluster.stop()


@pytest.fixture(params=PACKS, scope="module")
def pack(request, guarded, folder):
    """(texts, a gateway with this pack alone)"""
    from rig.gateway import Gateway
    texts, values = PACKS[request.param]
    rules = folder / f"rules-{request.param}"
    shutil.copytree(host.ROOT / "rules", rules)
    for base in ("unbounded_writes.rego", "server_access.rego"):
        (rules / base).unlink()
    replaced(rules / "packs" / request.param / "data.yaml", {"enabled": True, **values})
    own = Gateway(request.config.getoption("--binary"), folder / f"gateway-{request.param}", f"{guarded.server.address}:{guarded.server.port}",
                  rules_folder=rules)
    own.start()
    yield request.param, texts, own
    own.stop()


def refused(answer):
    assert errors(answer), pgwire.kinds(answer)
    assert not any(b"s3cret" in found.body for found in answer), "the secret"


def carry(wire, text):
    refused(wire.ask(query(text)))
    refused(wire.ask(query(f"select 1; {text}")))
    if not text.startswith("PREPARE"):  # with $1: forwarded until it is bound, and several statements are never parsed
        refused(wire.ask(parse(text), bind(), execute(), SYNC))
    wire.ask(query("begin"))
    refused(wire.ask(query(text)))
    wire.ask(query("rollback"))


@pytest.mark.timeout(600)
def test_no_text_gets_through(pack, guarded):
    name, texts, gateway = pack
    passed = []
    for text in texts:
        guarded.look()
        try:
            with connect(gateway, user=PROBER) as wire:
                carry(wire, text)
            guarded.check(("select 1", "begin", "rollback"))
        except (AssertionError, pgwire.Closed, TimeoutError) as error:
            passed.append((text, str(error)[:300]))
    summarise(f"packs, {name}: {len(texts)} probes, {len(passed)} got through")
    assert passed == []


def test_there_are_enough():
    for texts, _ in PACKS.values():
        assert len(set(texts)) == len(texts)
    assert sum(len(texts) for texts, _ in PACKS.values()) > 250


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PACKS)
def test_every_text_works_without_the_pack(name, guarded):
    """The corpus is no straw man: PostgreSQL runs each text (in a transaction that is rolled back)."""
    failed = []
    for text in PACKS[name][0]:
        with connect(guarded.server) as wire:
            wire.ask(query("begin"))
            answer = wire.send(query(text)).until_ready() if "FROM STDIN" not in text else \
                [*wire.send(query(text)).until("G"), *wire.ask(COPY_DONE)]
            found = errors(answer)
            if found and not (name in STRICT and found[0]["C"] in NOT_HERE):
                failed.append((text, found[0]["M"]))
            wire.ask(query("rollback"))
    guarded.create()
    assert failed == []


FREE = {
    "tenant_isolation": ["SELECT * FROM orders WHERE tenant_id = 1", "SELECT * FROM orders o JOIN items i ON i.order_id = o.id AND o.tenant_id = 1",
                         "UPDATE orders SET note = 'x' WHERE id = 2 AND tenant_id = 1", "INSERT INTO orders VALUES (2, 1, 'x') ON CONFLICT DO NOTHING",
                         "SELECT * FROM board", "CREATE TEMP TABLE scratch (a int)", "SELECT * FROM orders WHERE tenant_id = 1 FOR UPDATE SKIP LOCKED",
                         "INSERT INTO orders VALUES (nextval('counter') + 100, 1, 'x') RETURNING 1", "SELECT pg_notify('c', 'x'), set_config('a.b', 'c', true)",
                         "INSERT INTO orders SELECT id + nextval('counter') + 200, 1, note FROM orders WHERE tenant_id = 1",
                         "SELECT lower(note), length(note), current_setting('port') FROM orders WHERE tenant_id = 1 AND note::text ILIKE '%m%'",
                         "INSERT INTO orders (id, tenant_id, note) VALUES (301, 1, 'x') RETURNING id", "INSERT INTO orders VALUES (302, 1, 'x') RETURNING *",
                         "INSERT INTO orders VALUES (301, 1, 'x') ON CONFLICT (id) DO NOTHING RETURNING orders.id",
                         "INSERT INTO orders AS o VALUES (301, 1, 'y') ON CONFLICT (id) DO UPDATE SET note = excluded.note || o.note WHERE o.tenant_id = 1",
                         "INSERT INTO orders VALUES (301, 1, 'y') ON CONFLICT (id) DO UPDATE SET note = excluded.note WHERE orders.tenant_id = 1 RETURNING id",
                         "CREATE DOMAIN d AS text CHECK (length(value) > 1); DROP DOMAIN d",
                         "CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql COST 100 AS 'begin return $1; end'; DROP FUNCTION f",
                         "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'begin perform set_config(''a.b'', ''c'', true); end'; DROP FUNCTION f"],
    "pii_columns": ["SELECT id, vip FROM customers", "UPDATE customers SET vip = true WHERE id = 1", "SELECT count(*) FROM customers",
                    "INSERT INTO customers (id, email) VALUES (7, 'x') ON CONFLICT DO NOTHING", "SELECT * FROM board"],
    "read_only": ["SELECT * FROM orders, customers", "SHOW work_mem", "SET work_mem = '5MB'", "EXPLAIN ANALYZE SELECT * FROM board",
                  "PREPARE p AS SELECT * FROM board; EXECUTE p; DEALLOCATE p", "BEGIN; DECLARE c CURSOR FOR TABLE board; FETCH c; COMMIT"],
    "dangerous_functions": ["SELECT count(*), max(lower(note)) FROM board", "SELECT (x).id FROM board x", "SELECT g.n FROM generate_series(1, 2) g(n)",
                            "DO $$ BEGIN DELETE FROM items WHERE id = 7; END $$"],
    "superuser_guard": ["SET work_mem = '5MB'", "RESET ROLE", "CREATE ROLE x; DROP ROLE x", "CREATE TABLE x (a int); DROP TABLE x", "TABLE pg_roles"],
    "ddl_freeze": ["SELECT * FROM pg_class LIMIT 1", "INSERT INTO items VALUES (7, 7)", "DELETE FROM items WHERE id = 7", "TRUNCATE board",
                   "DO $$ DECLARE i int; BEGIN SELECT id INTO i FROM items LIMIT 1; END $$"],
    "injection_shapes": ["SELECT note FROM board WHERE '' = '' OR note = ''", "SELECT note FROM board WHERE 1=1 AND id = 1", "SELECT note FROM board WHERE NULL IS NULL OR id = NULL",
                         "SELECT note FROM board WHERE id = 1 OR note = 'OR 1=1 --'", "SELECT rolname FROM pg_authid WHERE oid = (SELECT min(oid) FROM pg_authid)",
                         "SELECT id, note FROM board UNION ALL SELECT 0, '(none)'", "SELECT note FROM board WHERE id = 1 OR id = 2 OR id + 1 = 2", "SELECT 1; SELECT 2 -- two"],
    "no_unbounded_writes": ["DELETE FROM board WHERE id = 1", "UPDATE board SET note = 'x' WHERE note <> '' AND id = 2", "DELETE FROM items WHERE id > 0",
                            "INSERT INTO board VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'y'"],
}


def test_what_is_free_passes(pack, guarded):
    name, _, gateway = pack
    with connect(gateway, user=PROBER) as wire:
        for text in FREE[name]:
            assert errors(wire.ask(query(text))) == [], text
    guarded.create()
