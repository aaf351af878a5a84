"""Ways around a guard in which the protocol does the work (the probes P1 to P15), each a conversation with the
server's log as witness. The texts are few; what differs is when, how and under which settings they are sent.

Where each probe is held, beside the texts of test_bypass_corpus.py; * also against other rules or in other states:

 P1  split byte by byte               here, test_p1_split; *test_refusals [byte by byte]
 P2  several Queries in one segment   here, test_p2_*
 P3  a name with another text         here, test_p3_*
 P4  prepared before the policy       here, test_p4_*; *test_reload_traffic
 P5  what is bound decides            here, test_p5_*: settings, texts of SQL, keys in each type and format
 P6  a portal before SET search_path  here, test_p6_*; *test_search_path
 P7  EXECUTE, FETCH, MOVE, CLOSE      here, test_p7_*
 P8  FunctionCall                     here, test_p8_*; counted by test_bypass_pack_sessions
 P9  COPY data like SQL               here, test_p9_*
 P10 a Query during COPY IN           here, test_p10_*
 P11 inside BEGIN .. COMMIT           here, test_p11_*; *test_refusals
 P12 in the middle of a pipeline      here, test_p12_*
 P13 Flush, not Sync                  here, test_p13_*
 P14 the unnamed statement renewed    here, test_p14_*
 P15 DEALLOCATE ALL, DISCARD ALL      here, test_p15_*
 P16 walsender                        test_bypass_sessions::test_p16_*
 P17 start-up options                 test_bypass_sessions::test_p17_*; *test_bypass_settings
 P18 databases, cancel keys           test_bypass_sessions::test_p18_*
 P19 one text, two users or masks     test_bypass_sessions::test_p19_*
 P20 what is remembered, SET ROLE     test_bypass_sessions::test_p20_*; there is no cache of results
 P21 answered twice                   test_bypass_sessions::test_p21_*; there is no mirror
 P22 longer than the limit            test_bypass_sessions::test_p22_*
 P23 NUL, BOM, bad and other encodings  test_bypass_sessions::test_p23_*
 P24 nesting                          test_bypass_sessions::test_p24_*
 P25 10,000 statements                test_bypass_sessions::test_p25_*
 P26 a newer grammar                  test_bypass_sessions::test_p26_*
"""
import struct

import pytest

from rig import host
from support import pgwire
from support.guard import PROBER, policy, refused
from support.pgwire import COPY_DONE, FLUSH, SYNC, bind, close, connect, copy_data, describe, errors, execute, function_call, parse, query
from support.probing import DELETE, READ, gateway, guarded, own_gateway, play, played  # noqa: F401


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
    played.append("p4")

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
    played.append("p5 keys")
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


def test_p6_a_portal_keeps_its_names(own_gateway, guarded):
    """Where the search_path may change, what was bound before reads what its names meant then."""
    rules = """
policy: named
rules:
  - name: no board but the public one
    match: {query.tables: {any: {name: board, schema: {not: ["", public]}}}}
    then: [deny]
"""
    gateway = own_gateway({"named.policy.yaml": rules})
    played.append("p6 portal")
    with connect(gateway, user=PROBER) as wire:
        wire.ask(query("begin"), parse("select * from board"), bind((), "", "p"), SYNC, ready=2)
        assert errors(wire.ask(query("set local search_path = evil"))) == []
        answer = wire.ask(execute("p"), SYNC)
        assert errors(answer) == [] and not any(b"s3cret" in found.body for found in answer)
        wire.ask(query("rollback"))
        refused(wire.ask(query("select * from evil.board")))


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


def test_p7_what_code_has_opened(own_gateway, guarded):
    """A cursor that a function has opened and a statement that it has prepared are unknown by their names, which is told."""
    rules = """
policy: unknown_names
rules:
  - name: nothing by a name that nobody has seen
    match: {query.opaque: execute}
    then: [deny]
"""
    guarded.server.sql("create or replace function leak() returns refcursor language plpgsql as $$ declare c refcursor := 'c'; begin open c for select secret from vault; return c; end $$;"
                       "create or replace function prepares() returns int language plpgsql as $$ begin execute 'prepare px as select secret from vault'; return 1; end $$")
    gateway = own_gateway({"unknown.policy.yaml": rules})
    played.append("p7 code")
    with connect(gateway, user=PROBER) as wire:
        for opening in ("select leak()", "do $$ begin perform leak(); end $$", "values (leak())", "select 1 where leak() is not null"):
            for fetching in ([query("fetch all c")], [query("fetch c")], [query('move forward 1 from "c"')], [parse("fetch all c"), bind(), execute(), SYNC],
                             [execute("c"), SYNC], [describe("P", "c"), execute("c", 1), SYNC]):
                wire.ask(query("begin"), query(opening), ready=2)
                refused(wire.ask(*fetching))
                wire.ask(query("rollback"))
        refused(wire.ask(query("select leak(); fetch all c")))
        assert errors(wire.ask(query("select prepares()"))) == []
        for running in ("execute px", "explain analyze execute px", "create temp table x as execute px"):
            refused(wire.ask(query(running)))
        refused(wire.ask(bind((), "px"), execute(), SYNC))
        refused(wire.ask(bind((), "px", "portal"), execute("portal"), SYNC))
        # What has been seen is known: a cursor of SQL's, and a portal with values.
        wire.ask(query("begin"), query("declare seen cursor for select note from board"), parse("select note from board where id = $1"), bind(["1"], "", "portal"), SYNC, ready=3)
        assert errors(wire.ask(query("fetch seen"))) == [] and errors(wire.ask(query("fetch portal"))) == []
        wire.ask(query("rollback"))
    guarded.server.sql("drop function leak(); drop function prepares()")


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

    # The gateway ends such a session, as PostgreSQL does; what the server says of it is no statement.
    play(conversation, ["create temp table fed (a text)", "copy pg_temp.fed from stdin", "could not send data to client: Broken pipe",
                        "connection to client lost"])


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
