"""Facts with a catalogue: what the texts of the bypass corpus hide behind names is seen, because the gateway has read the
database's pg_catalog. The guard names the guarded tables and nothing that leads to them.
"""
import struct

import pytest

from conftest import summarise
from rig import host, postgres
from support import bypass_corpus as corpus
from support import pgwire
from support.guard import PROBER, STAND_IN, Guarded, policy, refused
from support.pgwire import SYNC, bind, connect, errors, execute, parse, query

#: Besides the guard: SHOW tells what is known.
TELL = """
policy: tell
rules:
  - name: what is known
    match: {query.kind: show}
    then:
      - error: {sqlstate: P0001, message: "{{ query.catalog }}"}
"""


@pytest.fixture(scope="module")
def guarded(folder):
    cluster = postgres.Cluster(folder / "catalogue-pg", settings={"log_statement": "all", "log_min_duration_statement": "0"},
                               hba=["host all reader 127.0.0.1/32 scram-sha-256"])
    cluster.start()
    tables = Guarded(cluster)
    tables.create()
    cluster.sql("set password_encryption = 'scram-sha-256'; create role reader login password 'to read'; create schema evil;"
                "create view evil.board as select id, secret as note from public.vault; create table evil.alone (id int);"
                "create table parts (id int) partition by range (id); create table ledger_part partition of parts for values from (0) to (9)")
    tables.before = tables.contents()
    yield tables
    tables.direct.drop()
    cluster.stop()


@pytest.fixture
def start(request, guarded, folder):
    """start(rules, catalog=...): a gateway that reads the catalogue, once it is known."""
    running = []

    def make(rules, known="known", **catalog):
        from rig.gateway import Gateway
        target = {"name": "main", "address": f"{guarded.server.address}:{guarded.server.port}",
                  "catalog": {"user": "reader", "password": "to read", "refresh": "60s", **catalog}}
        own = Gateway(request.config.getoption("--binary"), folder / f"{request.node.originalname}-{len(running)}", "unused:1",
                      rules={"tell.policy.yaml": TELL, **rules}, config={"targets": [target]})
        running.append(own)
        own.start()
        if known:
            host.wait_until(lambda: told(own) == known, 10, f"the catalogue is {known}")
        return own

    yield make
    for own in running:
        own.stop()


def told(gateway, **login):
    with connect(gateway, **{"user": PROBER, **login}) as wire:
        return errors(wire.ask(query("show server_version")))[0]["M"]


def test_what_names_hide(start, guarded):
    gateway = start({"guard.policy.yaml": policy([])})
    passed = []
    for text in corpus.HIDDEN:
        guarded.look()
        try:
            with connect(gateway, user=PROBER) as wire:
                refused(wire.ask(query(text)))
                refused(wire.ask(parse(text), bind(), execute(), SYNC))
                refused(wire.ask(parse(text, "s"), SYNC, bind((), "s"), execute(), SYNC, ready=2))
            guarded.check()
        except AssertionError as error:
            passed.append((text, str(error)[:200]))
    summarise(f"bypass corpus, hidden, with a catalogue instead of names: {len(corpus.HIDDEN)} probes, {len(passed)} got through")
    assert passed == []


@pytest.mark.parametrize("text", ["select * from board", "update board set note = note where id = 1", "select upper(note) from board",
                                  "select * from ledger", "select relname from pg_class limit 1", "select 1",
                                  "select column_name from information_schema.columns limit 1"])
def test_what_hides_nothing_passes(text, start):
    gateway = start({"guard.policy.yaml": policy([])})
    with connect(gateway, user=PROBER) as wire:
        assert errors(wire.ask(query(text))) == []
        assert errors(wire.ask(parse(text), bind(), execute(), SYNC)) == []


FOLLOW = policy([]).replace('"session_replication_role", "search_path", ""', '"session_replication_role"')


@pytest.mark.parametrize("move", [
    [query("set search_path = evil")], [query("set search_path = evil; select 1")], [query("begin"), query("set local search_path = evil")],
    [parse("set search_path = evil"), bind(), execute(), SYNC], [query("select set_config('search_path', 'evil', false)")],
    [query("prepare p as select set_config('search_path', 'evil', false)"), query("execute p")],
])
def test_search_path(move, start, guarded):
    """`board` is free, and evil.board is a view of the vault: after anything that may have moved the path, both are meant."""
    gateway = start({"guard.policy.yaml": FOLLOW})
    board = "select * from board"
    ready = sum(1 for message in move if message[:1] in b"QS")
    with connect(gateway, user=PROBER) as wire:
        assert errors(wire.ask(query(board))) == []
        wire.ask(parse(board, "kept"), SYNC)
        answer = wire.ask(*move, query(board), ready=ready + 1)
        assert errors(answer) and not any(b"s3cret" in found.body for found in answer)
        refused(wire.ask(query(board)))
        refused(wire.ask(bind((), "kept"), execute(), SYNC))
        wire.ask(query("rollback"))
        assert errors(wire.ask(query("select * from public.board"))) == []


def test_search_path_in_one_query_and_by_log_in(start):
    gateway = start({"guard.policy.yaml": FOLLOW})
    with connect(gateway, user=PROBER) as wire:
        refused(wire.ask(query("set search_path = evil; select * from board")))
    for options in ({"options": "-c search_path=evil"}, {"search_path": "evil"}):
        with connect(gateway, user=PROBER, **options) as wire:
            refused(wire.ask(query("select * from board")))


def test_the_roles_own_search_path(start, guarded):
    guarded.server.sql(f"create role wanderer superuser login; alter role wanderer set search_path = evil, public")
    gateway = start({"guard.policy.yaml": policy([])})
    with connect(gateway, user="wanderer") as wire:
        refused(wire.ask(query("select * from board")))
        assert errors(wire.ask(query("select * from alone"))) == []


def test_what_is_defined_meanwhile_is_seen(start, guarded):
    """A view that comes through the gateway is known soon, wherever it is used; one that is gone is not."""
    gateway = start({"guard.policy.yaml": policy([]).replace("query.kind: create_view", "query.kind: listen")})
    with connect(gateway, user=PROBER) as wire, connect(gateway, user=PROBER) as other:
        other.ask(parse("select 1", "s"), SYNC)
        assert errors(wire.ask(query("begin"), query("create view v_new as select * from ledger"), query("commit"), ready=3)) == []
        delete = query("begin; delete from v_new; rollback")
        host.wait_until(lambda: errors(other.ask(delete)), 10, "the view is known")
        guarded.look()
        refused(other.ask(delete))
        refused(other.ask(parse("delete from v_new"), bind(), execute(), SYNC))
        assert [text for text in guarded.arrived() if text != STAND_IN] == []
        assert errors(wire.ask(query("drop view v_new"))) == []
        host.wait_until(lambda: told(gateway) == "known", 10, "the catalogue is known again")


OWN_ROWS = """
policy: own_rows
rules:
  - name: note 1 only
    when: some table in input.query.tables; table.name == "board"; not table.where.id == 1
    then:
      - deny: {message: "not yours"}
"""


@pytest.mark.parametrize("value, format, mine", [
    (struct.pack("!i", 1), 1, True), (b"1", 0, True), (struct.pack("!i", 2), 1, False), (b"2", 0, False), (None, 1, False),
])
def test_untyped_values_have_the_columns_type(value, format, mine, start):
    gateway = start({"own.policy.yaml": OWN_ROWS})
    with connect(gateway, user=PROBER) as wire:
        answer = wire.ask(parse("select note from board where id = $1"), bind([value], formats=[format]), execute(), SYNC)
        assert [found.columns for found in answer if found.kind == "D"] == ([[b"n"]] if mine else [])
        assert bool(errors(answer)) == (not mine)
        for number, own in (1, True), (2, False):  # with a cast it has another type, and the server says which
            cast = wire.ask(parse("select note from board where id = $1::int8"), bind([struct.pack("!q", number)], formats=[1]), execute(), SYNC)
            assert [found.columns for found in cast if found.kind == "D"] == ([[b"n"]] if own else [])
            assert bool(errors(cast)) == (not own)


DEFINERS = """
policy: definers
rules:
  - name: no functions with the rights of others
    when: some routine in input.query.routines; routine.security_definer
    then:
      - deny: {message: "definer"}
"""


def test_routines(start):
    gateway = start({"definers.policy.yaml": DEFINERS})
    with connect(gateway, user=PROBER) as wire:
        refused(wire.ask(query("begin; select f_definer(); rollback")))
        assert errors(wire.ask(query("begin; select f_wipe(); rollback"))) == []


@pytest.mark.parametrize("catalog", [{"user": "nobody_at_all"}, {"password": "wrong"}])
def test_unknown_when_it_cannot_be_read(catalog, start):
    gateway = start({"strict.policy.yaml": """
policy: strict
rules:
  - name: only what is known
    match: {query.catalog: unknown, query.kind: select}
    then:
      - deny: {message: "unknown"}
"""}, known="unknown", **catalog)
    with connect(gateway, user=PROBER) as wire:
        assert errors(wire.ask(query("select 1")))[0]["M"] == "unknown"
        assert errors(wire.ask(query("begin"), query("rollback"), ready=2)) == []
    assert "to read" not in (gateway.folder / "gateway.log").read_text()


def test_off_without_a_user(start):
    gateway = start({}, known=None, user="")
    with connect(gateway, user=PROBER) as wire:
        assert errors(wire.ask(query("select 1"))) == []
