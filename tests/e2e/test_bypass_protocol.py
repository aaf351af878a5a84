"""Ways around a guard in which the protocol does the work (the probes P1 to P26 and their kin), each a conversation with the
server's log as witness. The texts are few; what differs is when, how and under which settings they are sent.
"""
import struct

import pytest

from conftest import summarise
from rig import host, postgres
from support import pgwire
from support.guard import PROBER, STARTUP, STAND_IN, Guarded, policy, refused
from support.pgwire import (COPY_DONE, FLUSH, SYNC, Wire, bind, close, connect, copy_data, describe, errors, execute, function_call,
                            message, parse, query)

READ, DELETE = "select secret from vault", "delete from ledger"
_played = []


@pytest.fixture(scope="module")
def guarded(folder):
    cluster = postgres.Cluster(folder / "protocol-pg", settings={"log_statement": "all", "log_min_duration_statement": "0",
                                                                 "log_replication_commands": "on"})
    cluster.start()
    tables = Guarded(cluster)
    tables.create()
    cluster.sql("create schema evil; create view evil.board as select id, secret as note from public.vault;"
                "create role alice login; create role bob login; grant usage on schema public to alice, bob; grant all on all tables in schema public to alice, bob;"
                "create database other")
    tables.before = tables.contents()
    yield tables
    tables.direct.drop()
    cluster.stop()
    summarise(f"bypass corpus, protocol: {len(_played)} probes")


@pytest.fixture(scope="module")
def gateway(request, guarded, folder):
    yield from started(request, guarded, folder, "protocol-gateway", {"guard.policy.yaml": policy(), "startup.policy.yaml": STARTUP})


def started(request, guarded, folder, name, rules, **config):
    from rig.gateway import Gateway
    server = guarded.server
    own = Gateway(request.config.getoption("--binary"), folder / name, f"{server.address}:{server.port}", rules=rules, **config)
    yield own.start()
    own.stop()


@pytest.fixture
def own_gateway(request, guarded, folder):
    """make(rules, config): one of the test's own before the same server."""
    running = []

    def make(rules, **config):
        running.append(started(request, guarded, folder, f"{request.node.originalname}-{len(running)}", rules, **config))
        return next(running[-1])

    yield make
    for one in running:
        next(one, None)


@pytest.fixture
def play(request, guarded, gateway):
    """play(conversation, allowed texts): nothing else may arrive."""
    def run(conversation, allowed=(), through=gateway, **login):
        _played.append(request.node.name)
        guarded.look()
        with connect(through, user=PROBER, **login) as wire:
            conversation(wire)
        guarded.check({"select 1", "begin", "commit", "rollback", "", *allowed})

    return run


# --- P1, P2: framing

@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 6, 11])
@pytest.mark.parametrize("text", [READ, DELETE])
def test_p1_split(text, step, play):
    def conversation(wire):
        refused(wire.ask(query(text), step=step))
        refused(wire.ask(parse(text), bind(), execute(), SYNC, step=step))

    play(conversation)


@pytest.mark.parametrize("before", [[SYNC], [query("select 1")], [query("")], [parse("select 1"), SYNC], [FLUSH, SYNC], [close("S", "x"), SYNC]],
                         ids=["sync", "query", "empty", "parse", "flush", "close"])
def test_p2_behind_another_in_one_segment(before, play):
    def conversation(wire):
        refused(wire.ask(*before, query(DELETE), ready=2))
        refused(wire.ask(*before, parse(READ), bind(), execute(), SYNC, ready=2))

    play(conversation)


def test_p2_everything_in_one_segment_a_hundred_times(play):
    play(lambda wire: refused(wire.ask(*[query("select 1"), query(DELETE), query(READ)] * 100, ready=300), at_least=200))


# --- P3, P14, P15: names used again

@pytest.mark.parametrize("name", ["", "s", "x" * 63, "x" * 64, 'S "', "ü"])
def test_p3_a_name_with_another_text(name, play):
    def conversation(wire):
        wire.ask(parse("select 1", name), SYNC)
        refused(wire.ask(close("S", name), parse(DELETE, name), bind((), name), execute(), SYNC))
        refused(wire.ask(bind((), name), execute(), SYNC))
        refused(wire.ask(parse("selec", name), SYNC, parse(READ, name), bind((), name), execute(), SYNC, ready=2), at_least=2)
        refused(wire.ask(bind((), name), execute(), SYNC))

    play(conversation)


def test_p14_the_unnamed_statement_between_bind_and_execute(play):
    def conversation(wire):
        refused(wire.ask(parse("select 1"), bind(), parse(DELETE), execute(), SYNC))
        refused(wire.ask(parse("select 1"), bind((), "", "p"), parse(READ), bind((), "", "q"), execute("q"), execute("p"), SYNC))

    play(conversation)


@pytest.mark.parametrize("reset", ["deallocate all", "discard all", "deallocate s"])
def test_p15_reset_and_reuse(reset, play):
    def conversation(wire):
        wire.ask(query("prepare s as select 1"))
        wire.ask(query(reset))
        refused(wire.ask(query(f"prepare s as {DELETE}"), query("execute s"), ready=2))
        refused(wire.ask(query("execute s")))
        refused(wire.ask(bind((), "s"), execute(), SYNC))

    play(conversation, ["prepare s as select 1", reset, "execute s"])


# --- P4: prepared before the policy changed

@pytest.mark.parametrize("text", [READ, DELETE, "select * from v_deep", "select f_wipe()"])
def test_p4_prepared_before_the_policy(text, own_gateway, guarded):
    """Statements, SQL's own prepared statements and open portals from a time when all was permitted."""
    gateway = own_gateway({})
    _played.append("p4")

    def takes_effect():
        with connect(gateway, user="postgres") as other:
            return errors(other.ask(query("begin"), query(DELETE), query("rollback"), ready=3))

    with connect(gateway, user=PROBER) as wire:
        wire.ask(parse(text, "s"), SYNC, query(f"prepare p as {text}"), ready=2)
        wire.ask(query("begin"), parse(text, "t"), bind((), "t", "portal"), SYNC, ready=2)
        gateway.write_rules(policy())
        host.wait_until(takes_effect, 10, "the policy takes effect")
        guarded.look()
        refused(wire.ask(execute("portal"), SYNC))
        wire.ask(query("rollback"))
        for again in ([bind((), "s"), execute(), SYNC], [describe("S", "s"), bind((), "s"), execute(), SYNC], [query("execute p")],
                      [query("explain analyze execute p")], [query("create temp table x as execute p")],
                      [query("begin; execute p; commit")], [bind((), "s", "q"), SYNC]):
            refused(wire.ask(*again))
        wire.ask(query("begin"))
        refused(wire.ask(bind((), "t"), execute(), SYNC))
        wire.ask(query("rollback"))
    guarded.check(["begin", "rollback"])


# --- P5: what is bound decides

def test_p5_bound_values(play):
    settle = parse("select set_config($1, $2, false)", "s")

    def conversation(wire):
        wire.ask(settle, SYNC)
        refused(wire.ask(bind(["role", "alice"], "s"), execute(), SYNC))
        refused(wire.ask(bind(["ROLE", "alice"], "s"), execute(), SYNC))
        refused(wire.ask(bind(["search_path", "evil"], "s"), execute(), SYNC))
        refused(wire.ask(bind([b"search_path", b"evil"], "s", formats=[1]), execute(), SYNC))
        refused(wire.ask(bind([b"Search_Path", "evil"], "s", formats=[1, 0]), execute(), SYNC))
        refused(wire.ask(parse("select set_config($1::text, $2, false)", types=(25, 25)), bind(["role", "bob"]), execute(), SYNC))
        refused(wire.ask(parse("select set_config(lower($1), $2, false)"), bind(["ROLE", "bob"]), execute(), SYNC))
        assert errors(wire.ask(bind(["application_name", "x"], "s"), execute(), SYNC)) == []

    play(conversation, ["select set_config($1, $2, false)"])


@pytest.mark.parametrize("text, values", [
    ("select query_to_xml($1, true, false, '')", [READ]),
    ("select table_to_xml($1::regclass, true, false, '')", ["vault"]),
    ("select f_dynamic($1)", [DELETE]),
    ("select pg_read_file($1)", ["PG_VERSION"]),
    ("select * from pg_stats where tablename = $1", ["vault"]),
    ("select id from vault where id = $1", ["1"]),
    ("delete from ledger where id = $1", ["1"]),
    ("select $1::d_wipe", ["x"]),
    ("select 1 !@# $1", ["1"]),
])
def test_p5_bound_texts(text, values, play):
    def conversation(wire):
        refused(wire.ask(parse(text), bind(values), execute(), SYNC))
        refused(wire.ask(parse(text), bind([value.encode() for value in values], formats=[1]), execute(), SYNC))
        refused(wire.ask(parse(text, "s"), FLUSH, bind(values, "s"), execute(), SYNC))
        refused(wire.ask(query(f"prepare p as {text}; execute p('{values[0]}')".replace("$1::regclass", "$1"))))

    play(conversation)


#: Rows of one's own only: what is bound, in which type and format, is the whole of the rule.
OWN_ROWS = """
policy: own_rows
rules:
  - name: note 1 only
    when: some table in input.query.tables; table.name == "board"; not table.where.id == 1
    then:
      - deny: {message: "not yours"}
"""


@pytest.mark.parametrize("value, type, format", [
    (b"2", 23, 0), (b"2", 20, 0), (b"2", 0, 0), (b" 2", 23, 0), (b"02", 23, 0), (b"+2", 23, 0), (b"0x2", 23, 0),
    (struct.pack("!i", 2), 23, 1), (struct.pack("!q", 2), 20, 1), (struct.pack("!h", 2), 21, 1), (struct.pack("!i", 2), 0, 1),
    (b"1 or true", 0, 0), (None, 23, 0), (b"1.0", 1700, 0), (struct.pack("!hhhhh", 1, 0, 0, 0, 2), 1700, 1),
    (struct.pack("!d", 2.0), 701, 1), (b"\x00\x00\x00\x01\x00", 23, 1), (b"", 23, 1),
])
def test_p5_bound_keys(value, type, format, own_gateway, guarded):
    """In every type and format that PostgreSQL takes: never another's row."""
    gateway = own_gateway({"own.policy.yaml": OWN_ROWS, "guard.policy.yaml": policy()})
    _played.append("p5 keys")
    with connect(gateway, user=PROBER) as wire:
        for text in ("select note from board where id = $1", "update board set note = note where id = $1 returning note"):
            answer = wire.ask(parse(text, types=(type,)), bind([value], formats=[format]), execute(), SYNC)
            rows = [found.columns for found in answer if found.kind == "D"]
            assert errors(answer) or rows in ([], [[b"n"]]), (text, rows)
        mine = wire.ask(parse("select note from board where id = $1", types=(23,)), bind([b"\0\0\0\1"], formats=[1]), execute(), SYNC)
        assert [found.columns for found in mine if found.kind == "D"] == [[b"n"]]


# --- P6: names resolved at another time

def test_p6_search_path(play):
    look = ["select * from board", "set search_path = evil"]

    def conversation(wire):
        wire.ask(query("begin"), parse(look[0]), bind((), "", "p"), SYNC, ready=2)
        refused(wire.ask(query(look[1])))
        wire.ask(query("rollback"))
        for text in ("set search_path to evil, public", "set local search_path = evil", "set schema 'evil'", "reset search_path",
                     "select set_config('search_path', 'evil', false)", "select set_config('search' || '_path', 'evil', false)",
                     "set search_path from current", "alter role prober set search_path = evil", "create schema s create view v as select 1",
                     "begin; set local search_path = evil; select * from board; commit", "do $$ begin set search_path = evil; end $$"):
            refused(wire.ask(query(text)))
            refused(wire.ask(parse(text), bind(), execute(), SYNC))
        assert (b"n" in b"".join(found.body for found in wire.ask(query(look[0]))))

    play(conversation, [look[0]])


# --- P7: SQL's EXECUTE and cursors beside the protocol's

def test_p7_names_of_sql_and_protocol(play):
    def conversation(wire):
        refused(wire.ask(parse(READ, "px"), SYNC, query("execute px"), ready=2), at_least=2)
        refused(wire.ask(query(f"prepare px as {READ}"), bind((), "px"), execute(), SYNC, ready=2), at_least=2)
        wire.ask(query("begin"))
        refused(wire.ask(parse(READ), bind((), "", "c"), execute("c", 1), SYNC))
        for text in ("fetch c", "fetch all from c", "move c", "close c"):
            refused(wire.ask(query(text)))
        wire.ask(query("rollback"))
        wire.ask(query("begin"))
        refused(wire.ask(query(f"declare c cursor for {READ}"), query("fetch c"), ready=2), at_least=2)
        wire.ask(query("rollback"))

    play(conversation, ["execute px", "fetch c", "fetch all from c", "move c", "close c"])


# --- P8: fast path

@pytest.mark.parametrize("name, arguments", [
    ("pg_read_file(text)", [b"PG_VERSION"]), ("lo_import(text)", [b"PG_VERSION"]), ("query_to_xml(text,boolean,boolean,text)",
                                                                                  [READ.encode(), b"t", b"f", b""]),
    ("f_wipe()", []), ("pg_terminate_backend(integer,bigint)", [b"1", b"0"]), ("set_config(text,text,boolean)", [b"role", b"bob", b"f"]),
])
def test_p8_function_calls(name, arguments, play, guarded):
    oid = int(guarded.server.sql(f"select '{name}'::regprocedure::oid"))

    def conversation(wire):
        refused(wire.ask(function_call(oid, arguments)))
        refused(wire.ask(query("select 1"), function_call(oid, arguments), ready=2))
        wire.ask(query("begin"))
        refused(wire.ask(function_call(oid, arguments)))
        wire.ask(query("rollback"))
        refused(wire.ask(function_call(oid, arguments), step=1))

    play(conversation)


# --- P9, P10: COPY

def test_p9_copy_data_is_data(play):
    copy = "copy pg_temp.fed from stdin"

    def conversation(wire):
        wire.ask(query("create temp table fed (a text)"))
        for data in (b"x\n\\.\n" + DELETE.encode() + b";\n", query(DELETE), parse(DELETE) + bind() + execute() + SYNC):
            wire.send(query(copy)).until("G")
            wire.ask(copy_data(data), copy_data(b"\n"), COPY_DONE)
        wire.send(query(copy)).until("G")
        refused(wire.ask(COPY_DONE, query(DELETE), ready=2))

    play(conversation, ["create temp table fed (a text)", copy])


@pytest.mark.parametrize("intruder", [query(DELETE), query(READ), parse(DELETE) + bind() + execute() + SYNC, function_call(1598)],
                         ids=["delete", "read", "extended", "function"])
def test_p10_requests_during_copy(intruder, play):
    def conversation(wire):
        wire.ask(query("create temp table fed (a text)"))
        wire.send(query("copy pg_temp.fed from stdin")).until("G")
        wire.send(copy_data(b"x\n"), intruder, COPY_DONE, SYNC)
        wire.socket.settimeout(3)
        try:
            wire.until_closed()
        except TimeoutError:
            pass

    play(conversation, ["create temp table fed (a text)", "copy pg_temp.fed from stdin"])


# --- P11, P12, P13: where in a transaction or pipeline

@pytest.mark.parametrize("text", [READ, DELETE])
def test_p11_inside_transactions(text, play):
    def conversation(wire):
        wire.ask(query("begin"))
        refused(wire.ask(query(text)))
        assert errors(wire.ask(query("select 1")))[0]["C"] == "25P02"
        answer = wire.ask(query("commit"))
        assert b"ROLLBACK" in answer[0].body and pgwire.status(answer) == "I"
        wire.ask(query("begin"), query("savepoint a"), ready=2)
        refused(wire.ask(query(text)))
        assert errors(wire.ask(query("rollback to a"), query("select 1"), ready=2)) == []
        refused(wire.ask(parse(text), bind(), execute(), SYNC))
        refused(wire.ask(query(text)))
        wire.ask(query("rollback"))
        refused(wire.ask(query(f"begin; {text}; commit")))
        refused(wire.ask(query(f"begin; select 1; savepoint a; {text}; rollback to a; commit")))

    play(conversation, ["savepoint a", "rollback to a", text])


@pytest.mark.parametrize("place", [0, 1, 3, 7])
def test_p12_in_the_middle_of_a_pipeline(place, play):
    def conversation(wire):
        for bad in (READ, DELETE):
            messages = [[parse("select 1"), bind(), execute()] for _ in range(8)]
            messages[place] = [parse(bad), bind(), execute()]
            refused(wire.ask(*[part for batch in messages for part in batch], SYNC))
            wire.ask(*[part for batch in messages[:place] for part in (*batch, SYNC)], ready=place)
            refused(wire.ask(*[part for batch in messages for part in (*batch, SYNC)], ready=8))

    play(conversation)


@pytest.mark.parametrize("end", [FLUSH, b""], ids=["flush", "nothing"])
def test_p13_flush_instead_of_sync(end, play):
    def conversation(wire):
        for bad in (READ, DELETE):
            wire.send(parse(bad), end)
            wire.send(bind(), execute(), FLUSH)
            assert wire.receive().fields["C"] == "42501"
            assert pgwire.kinds(wire.ask(bind(), execute(), SYNC)) == "Z"
            wire.send(parse("select 1"), bind(), execute(), FLUSH, parse(bad), FLUSH).until("E")
            assert pgwire.kinds(wire.ask(execute(), SYNC)) == "Z"

    play(conversation)


# --- P16, P17, P18: how the session begins

@pytest.mark.parametrize("parameters", [
    {"options": "-c search_path=evil"}, {"options": "-c role=bob"}, {"options": "--search-path=evil"}, {"search_path": "evil"},
    {"options": "-csearch_path=evil,public"}, {"role": "bob"}, {"session_authorization": "bob"}, {"options": "-c\\ search_path=evil"},
    {"replication": "database"}, {"replication": "true"}, {"replication": "on", "options": "-c search_path=evil"},
])
def test_p16_p17_settings_by_log_in(parameters, gateway, guarded):
    _played.append("p17")
    guarded.look()
    with Wire((gateway.address, gateway.port)) as wire:
        answer = wire.login(user=PROBER, **parameters)
        assert answer[-1].kind == "E" and answer[-1].fields["C"] == "42501"
    guarded.check()


@pytest.mark.parametrize("replication", ["database", "true"])
def test_p16_walsender(replication, own_gateway, guarded):
    """A guard of statements alone: the walsender's own commands are no SQL, and are refused as such."""
    gateway = own_gateway({"guard.policy.yaml": policy()})
    _played.append("p16")
    guarded.look()
    with connect(gateway, user=PROBER, replication=replication) as wire:
        for text in (READ, DELETE, "IDENTIFY_SYSTEM", "BASE_BACKUP", "START_REPLICATION SLOT s LOGICAL 0/0", "TIMELINE_HISTORY 1",
                     "CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL pgoutput", f"IDENTIFY_SYSTEM; {READ}", "READ_REPLICATION_SLOT s"):
            refused(wire.ask(query(text)))
    guarded.check()


@pytest.mark.parametrize("parameters", [
    {"options": "-c standard_conforming_strings=off"}, {"standard_conforming_strings": "off"}, {"client_encoding": "SJIS"},
    {"client_encoding": "GBK"}, {"client_encoding": "BIG5"}, {"client_encoding": "latin1"}, {"client_encoding": "sql_ascii"},
    {"options": "-c backslash_quote=on"}, {"options": "-c escape_string_warning=off -c standard_conforming_strings=off"},
])
def test_p17_the_lexer_by_log_in(parameters, own_gateway, guarded):
    """Settings that change how a text is read, from the first statement on."""
    gateway = own_gateway({"guard.policy.yaml": policy()})
    _played.append("p17 lexer")
    guarded.look()
    with connect(gateway, user=PROBER, **parameters) as wire:
        for text in (r"select '\' , '; delete from ledger; --'", r"select '\', secret from vault --'", b"select '\x83\\', secret from vault --'",
                     b"select '\x81' , secret from vault --'", r"select E'\' , '; delete from ledger; --'"):
            answer = wire.ask(query(text))
            assert not any(b"s3cret" in found.body for found in answer)
    assert not [text for text in guarded.arrived() if text.startswith("delete") or "from vault" in text.split("--")[0].replace(r"'\', secret from vault", "")]
    assert guarded.contents() == guarded.before


def test_p18_another_database(guarded, gateway, play):
    """The guard holds in every database, and a session's end leaves nothing behind for the next."""
    guarded.server.sql("drop table if exists vault; create table vault (secret text)", database="other")
    play(lambda wire: refused(wire.ask(query(READ))), database="other")
    play(lambda wire: refused(wire.ask(query(READ))))
    play(lambda wire: refused(wire.ask(bind((), "s"), execute(), SYNC)))


def test_p18_a_cancel_key_of_another(gateway, guarded):
    """A request with a key that is nobody's does nothing, and is answered by nothing."""
    _played.append("p18 cancel")
    with connect(gateway, user=PROBER) as wire:
        wire.send(query("select pg_sleep(0.6)"))
        for pid, key in ((wire.pid, bytes(4)), (wire.pid + 1, wire.key), (0, wire.key)):
            with Wire((gateway.address, gateway.port)) as other:
                other.send(pgwire.cancel_request(pid, key))
                assert other.until_closed() == []
        assert errors(wire.until_ready()) == []


# --- P19, P20, P21: what is remembered

BY_USER = """
policy: by_user
rules:
  - name: bob does not read the board
    match: {session.user: bob, query.tables: {exists: true}}
    when: some table in input.query.tables; table.name == "board"
    then:
      - deny: {message: "not bob"}
"""


def test_p19_one_text_two_users(own_gateway):
    gateway = own_gateway({"by_user.policy.yaml": BY_USER})
    _played.append("p19")
    text = "select note from board"
    for _ in range(3):
        for user, kinds in (("alice", "TDDCZ"), ("bob", "EZ"), ("alice", "TDDCZ")):
            with connect(gateway, user=user) as wire:
                assert pgwire.kinds(wire.ask(query(text))) == kinds
                assert pgwire.kinds(wire.ask(parse(text), bind(), execute(), SYNC)) == {"TDDCZ": "12DDCZ"}.get(kinds, kinds)
                assert pgwire.kinds(wire.ask(query(text))) == kinds


BY_STATE = """
policy: by_state
rules:
  - name: superusers do not read the board
    match: {session.parameters.is_superuser: "on"}
    when: some table in input.query.tables; table.name == "board"
    then:
      - deny: {message: "not as superuser"}
  - name: nor anybody within a transaction
    match: {session.transaction: active}
    when: some table in input.query.tables; table.name == "board"
    then:
      - deny: {message: "not in a transaction"}
"""


def test_p20_remembered_decisions_follow_the_session(own_gateway):
    """SET ROLE, and a transaction begun or ended, by whatever way, also when the answer is still under way."""
    gateway = own_gateway({"by_state.policy.yaml": BY_STATE})
    _played.append("p20")
    text = "select note from board"
    with connect(gateway, user=PROBER) as wire:
        assert errors(wire.ask(query(text)))
        assert errors(wire.ask(query("set role alice"))) == []
        assert pgwire.kinds(wire.ask(query(text))) == "TDDCZ"
        assert [pgwire.kinds(wire.ask(query("reset role"), query(text), ready=2))[-2:]] == ["EZ"]
        assert errors(wire.ask(query("set role alice"))) == []
        assert errors(wire.ask(query("begin"), query(text), ready=2))
        wire.ask(query("rollback"))
        assert pgwire.kinds(wire.ask(query(text))) == "TDDCZ"
        assert errors(wire.ask(parse("begin"), bind(), execute(), SYNC, query(text), ready=2))
        wire.ask(query("rollback"))
        assert pgwire.kinds(wire.ask(query(text))) == "TDDCZ"


def test_p20_remembered_decisions_follow_the_tables(own_gateway, guarded):
    """There is no cache of results: what one route has changed, another sees."""
    gateway = own_gateway({"guard.policy.yaml": policy()})
    _played.append("p20 rows")
    with connect(gateway, user=PROBER) as wire, connect(gateway, user="postgres") as other:
        for number in range(3):
            assert errors(other.ask(query(f"update board set note = 'v{number}' where id = 2"))) == []
            assert wire.rows("select note from board where id = 2") == [(f"v{number}",)]
        other.ask(query("update board set note = 'm' where id = 2"))


def test_p21_an_answer_comes_once(own_gateway, guarded):
    """Async actions of a statement, refused or not, neither delay nor repeat its answer."""
    rules = """
policy: tell
rules:
  - name: all
    match: {query.kind: {exists: true}}
    then:
      - log: {message: seen}
"""
    gateway = own_gateway({"tell.policy.yaml": rules, "guard.policy.yaml": policy()})
    _played.append("p21")
    guarded.look()
    with connect(gateway, user=PROBER) as wire:
        for _ in range(20):
            assert pgwire.kinds(wire.ask(query("select 1"))) == "TDCZ"
            assert pgwire.kinds(wire.ask(query(DELETE))) == "EZ"
            assert pgwire.kinds(wire.ask(parse(DELETE), bind(), execute(), SYNC)) == "EZ"
        assert wire.quiet()
    guarded.check(["select 1"])


# --- P22 to P26: long, odd, deep, many, new

@pytest.mark.parametrize("size", [100, 70_000, 1_000_000, 3_000_000])
def test_p22_long_texts(size, play):
    pad = " " * size

    def conversation(wire):
        refused(wire.ask(query(f"select 1 /*{pad}*/, (select secret from vault)")))
        refused(wire.ask(query(f"{pad}{DELETE}")))
        refused(wire.ask(query(f"select '{pad}', secret from vault")))
        refused(wire.ask(parse(f"select 1 --{pad}\n; {DELETE}"), bind(), execute(), SYNC))

    play(conversation)


def test_p22_longer_than_the_limit(own_gateway, guarded):
    gateway = own_gateway({"guard.policy.yaml": policy()}, config={"limits": {"statement_memory": "64KiB"}})
    _played.append("p22 limit")
    guarded.look()
    with connect(gateway, user=PROBER) as wire:
        for text in (f"/*{' ' * 70_000}*/ {DELETE}", f"{DELETE} /*{' ' * 70_000}*/"):
            assert refused(wire.ask(query(text)))[0]["C"] == "54000"
            refused(wire.ask(parse(text), bind(), execute(), SYNC))
            refused(wire.ask(parse(text, "long"), SYNC, bind((), "long"), execute(), SYNC, ready=2))
    guarded.check()


@pytest.mark.parametrize("raw", [
    b"select 1\0; delete from ledger\0", b"\0delete from ledger\0", b"delete from ledger\0\0", b"delete from ledger", b"delete\0from ledger\0",
    b"\xef\xbb\xbfdelete from ledger\0", b"delete from ledger -- \xff\xfe\0", b"delete from ledger where note = '\xc0\x80'\0",
    b"delete from \xef\xbd\x8cedger\0; delete from ledger\0", b"delete\xc2\xa0from ledger; delete from ledger\0",
])
def test_p23_bytes(raw, play):
    def conversation(wire):
        refused(wire.ask(message(b"Q", raw)))
        refused(wire.ask(message(b"P", b"\0" + raw + b"\0\0"), bind(), execute(), SYNC))
        refused(wire.ask(message(b"P", b"s\0" + raw + b"\0\0"), SYNC))

    play(conversation)


@pytest.mark.parametrize("encoding, codec", [
    ("latin1", "latin1"), ("win1252", "cp1252"), ("latin9", "iso8859-15"), ("iso_8859_5", None), ("sql_ascii", "utf8"), ("utf8", "utf8"),
    ("unicode", "utf8"), ("euc_jp", "euc_jp"), ("koi8r", "koi8-r"), ("win1258", "cp1258"),
])
def test_p23_names_in_another_encoding(encoding, codec, own_gateway, guarded):
    """A guarded name in other bytes is the same name: where its letters exist, it is refused; else PostgreSQL knows no such table."""
    letter = {"koi8-r": "я", "euc_jp": "語"}.get(codec, "ü")
    name = f"Schatz {letter}"
    guarded.server.sql(f'drop table if exists "{name}"; create table "{name}" (id int); insert into "{name}" values (77)')
    gateway = own_gateway({"guard.policy.yaml": policy([name])})
    _played.append("p23 encoding")
    raw = name.encode(codec or "iso8859-5", errors="replace")
    for login in ({"client_encoding": encoding}, {}):
        with connect(gateway, user=PROBER, **login) as wire:
            if not login:
                wire.ask(query(f"set client_encoding = '{encoding}'"))
            for text in (b'select id from "' + raw + b'"', b'select id from public."' + raw + b'" -- \xe4', b'table "' + raw + b'"'):
                for answer in (wire.ask(query(text)), wire.ask(parse(text), bind(), execute(), SYNC)):
                    assert errors(answer) and not any(found.kind == "D" for found in answer), "the guarded table was read"
    guarded.server.sql(f'drop table "{name}"')


@pytest.mark.parametrize("depth", [50, 1000, 20_000])
@pytest.mark.parametrize("form", ["({})", "abs({})", "not {}", "case when true then {} end", "array[{}]", "({})::int", "- {}"])
def test_p24_nesting(form, depth, play):
    opening, closing = form.split("{}")
    text = "select " + opening * depth + "(select id from vault)" + closing * depth

    def conversation(wire):
        refused(wire.ask(query(text)))
        refused(wire.ask(parse(text), bind(), execute(), SYNC))

    play(conversation)


def test_p24_queries_within_queries(play):
    text = "select * from " + "(select * from " * 100 + "vault" + ") q" * 100
    ctes = "with " + ", ".join(f"c{i} as (select * from {'vault' if i == 0 else f'c{i - 1}'})" for i in range(100)) + " select * from c99"
    unions = "select id from board" + " union select id from board" * 500 + " union select id from vault"

    def conversation(wire):
        for one in (text, ctes, unions):
            refused(wire.ask(query(one)))

    play(conversation)


@pytest.mark.parametrize("place", [0, 1, 5000, 9999])
def test_p25_many_statements(place, play):
    statements = ["select 1"] * 10_000
    statements[place] = DELETE
    play(lambda wire: refused(wire.ask(query(";".join(statements)))))


@pytest.mark.parametrize("text", [
    "merge into board b using vault v on true when matched then delete returning *", "select * from (select secret from vault)",
    "delete from ledger returning old.*", "select json_array(select secret from vault)", "select 0x1F, secret from vault",
    "copy (select secret from vault) to stdout (format json)", "wait for lsn '0/0'; delete from ledger", "repack ledger",
])
def test_p26_a_newer_grammar(text, play):
    def conversation(wire):
        refused(wire.ask(query(text)))
        refused(wire.ask(query(f"select 1; {text}")))
        refused(wire.ask(parse(text), bind(), execute(), SYNC))

    play(conversation)


# --- settings that a session changes under way

@pytest.mark.parametrize("change", [
    "set standard_conforming_strings = off", "select set_config('standard_conforming_strings', 'off', false)",
    "set client_encoding = 'SJIS'", "set names 'GBK'", "begin; set local standard_conforming_strings = off",
    "update pg_settings set setting = 'off' where name = 'standard_conforming_strings'",
])
def test_the_lexer_follows_the_session(change, guarded, gateway):
    r"""'\' is a whole string or the beginning of one, by a setting: also when the change is still on its way."""
    text = r"select '\' , '; delete from ledger; --'"
    _played.append("lexer")
    guarded.look()
    for messages in ([query(change), query(text)], [parse(change), bind(), execute(), SYNC, query(text)],
                     [query(change), parse(text), bind(), execute(), SYNC]):
        with connect(gateway, user=PROBER) as wire:
            wire.send(*messages).until_ready(2)
    assert not [found for found in guarded.arrived() if found.startswith("delete")]
    assert guarded.contents() == guarded.before
