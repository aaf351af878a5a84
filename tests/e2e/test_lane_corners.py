"""Corners of the sync lane where two things meet that are usually apart: bounds and portions of a portal, a COPY and a deadline, masks and portals of
different formats, a visit and the death of a server. Each against a real PostgreSQL; the client is told a valid conversation and goes on."""
import socket
import struct
import time

import pytest

from rig import host
from support.pgwire import COPY_DONE, FLUSH, SYNC, Wire, bind, cancel_request, close, connect, copy_data, describe, errors, execute, kinds, parse, query, status
from support.rules import policy_file

TEN = "select generate_series(1, 10)"
THREE = policy_file("traffic_from_client", {"limit": {"rows": 3}}, match="query.functions: generate_series")


def codes(answer):
    return [e["C"] for e in errors(answer)]


def works(wire):
    assert wire.rows("select 42") == [("42",)]
    assert kinds(wire.ask(parse("select 1"), bind(), execute(), SYNC)) == "12DCZ"


# --- limit: the rows of a portal are one answer, in however many portions they are fetched

def test_portions_of_a_portal_are_one_answer(make_gateway):
    with connect(make_gateway(rules=THREE)) as wire:
        answer = wire.ask(parse(TEN), bind(), execute(rows=2), execute(rows=2), execute(), SYNC)
        assert codes(answer) == ["53400"] and kinds(answer).count("D") == 3 and kinds(answer).endswith("EZ")
        works(wire)


@pytest.mark.parametrize("portal", ["", "named"])
def test_portions_behind_a_sync_are_of_the_same_answer(make_gateway, portal):
    with connect(make_gateway(rules=THREE)) as wire:
        wire.ask(query("begin"))
        assert kinds(wire.ask(parse(TEN), bind(portal=portal), execute(portal, 2), SYNC)) == "12DDsZ"
        answer = wire.ask(execute(portal, 2), SYNC)
        assert codes(answer) == ["53400"] and kinds(answer).count("D") == 1 and status(answer) == "E"
        assert codes(wire.ask(query("select 1"))) == ["25P02"]  # the server agrees
        assert status(wire.ask(query("rollback"))) == "I"
        works(wire)


def test_each_portal_has_rows_of_its_own(make_gateway):
    with connect(make_gateway(rules=THREE)) as wire:
        wire.ask(query("begin"))
        two = "select generate_series(1, 3)"
        assert kinds(wire.ask(parse(two), bind(portal="a"), bind(portal="b"), execute("a", 2), execute("b", 2), SYNC)) == "122DDsDDsZ"
        assert kinds(wire.ask(execute("a"), execute("b", 1), SYNC)) == "DCDsZ"
        # Bound anew, or closed, it begins anew.
        assert kinds(wire.ask(close("P", "b"), parse(two), bind(portal="b"), execute("b", 2), SYNC)) == "312DDsZ"
        assert kinds(wire.ask(parse(two), bind(), execute(rows=2), bind(), execute(), SYNC)) == "12DDs2DDDCZ"
        assert status(wire.ask(query("commit"))) == "I"
        assert kinds(wire.ask(parse(two), bind(portal="a"), execute("a"), SYNC)) == "12DDDCZ"
        works(wire)


@pytest.mark.parametrize("hold", ["", "with hold "])
def test_a_cursor_that_is_executed_as_a_portal_is_bounded(make_gateway, hold):
    with connect(make_gateway(rules=THREE)) as wire:
        assert codes(wire.ask(query("begin"))) + codes(wire.ask(query(f"declare c cursor {hold}for {TEN}"))) == []
        if hold:
            wire.ask(query("commit"))
        answer = wire.ask(execute("c"), SYNC)
        assert codes(answer) == ["53400"] and kinds(answer).count("D") == 3
        wire.ask(query("rollback"))
        works(wire)


def test_duration_holds_for_each_portion(make_gateway):
    gateway = make_gateway(rules=policy_file("traffic_from_client", {"limit": {"duration": "500ms"}}, match="query.functions: pg_sleep"))
    with connect(gateway) as wire:
        wire.ask(query("begin"))
        assert kinds(wire.ask(parse("select pg_sleep(case when n = 1 then 0 else 20 end) from generate_series(1, 3) n"), bind(portal="p"), execute("p", 1), SYNC)) == "12DsZ"
        begun = time.monotonic()
        answer = wire.ask(execute("p"), SYNC)
        assert codes(answer) == ["57014"] and status(answer) == "E" and time.monotonic() - begun < 10
        wire.ask(query("rollback"))
        works(wire)


# --- response: rows of a portal's portions together, as with limit

CAPPED = policy_file("traffic_to_client", {"response": {"rows": 3}})


def test_portions_are_capped_together(make_gateway):
    with connect(make_gateway(rules=CAPPED)) as wire:
        answer = wire.ask(parse(TEN), bind(), execute(rows=2), execute(rows=2), execute(), SYNC)
        assert kinds(answer) == "12DDsDsCZ" and [m.text for m in answer if m.kind == "C"] == ["SELECT 0"]
        wire.ask(query("begin"))
        for portal in ("", "named"):
            assert kinds(wire.ask(parse(TEN), bind(portal=portal), execute(portal, 2), SYNC)) == "12DDsZ"
            assert kinds(wire.ask(execute(portal, 2), SYNC)) == "DsZ"
            assert kinds(wire.ask(describe("P", portal), execute(portal), SYNC)) == "TCZ"
        # Each portal by itself; bound anew, or closed, it begins anew.
        assert kinds(wire.ask(parse(TEN), bind(portal="a"), bind(portal="b"), execute("a", 2), execute("b", 2), execute("a", 2), execute("b", 2), SYNC)) == "122DDsDDsDsDsZ"
        assert kinds(wire.ask(close("P", "b"), parse(TEN), bind(portal="b"), execute("b", 2), SYNC)) == "312DDsZ"
        assert kinds(wire.ask(parse(TEN), bind(), execute(rows=2), bind(), execute(rows=2), SYNC)) == "12DDs2DDsZ"
        wire.ask(query("commit"))
        works(wire)


def test_no_more_portals_than_can_be_remembered(make_gateway):
    """The rows of one portal too many do not begin: they would not be counted. Nothing else is withheld."""
    with connect(make_gateway(rules=CAPPED)) as wire:
        wire.ask(query("begin"), parse(TEN, "ten"), SYNC, ready=2)
        for n in range(256):
            assert kinds(wire.ask(bind(statement="ten", portal=f"p{n}"), execute(f"p{n}", 2), SYNC)) == "2DDsZ"
        wire.ask(bind(statement="ten", portal="more"), SYNC)
        for _ in range(3):
            answer = wire.ask(execute("more", 2), SYNC)
            assert codes(answer) == ["54000"] and kinds(answer) == "EZ"
        assert kinds(wire.ask(execute("p7", 2), SYNC)) == "DsZ"  # the others go on
        wire.ask(close("P", "p7"), SYNC)
        assert kinds(wire.ask(execute("more", 2), SYNC)) == "DDsZ" and kinds(wire.ask(execute("more", 2), SYNC)) == "DsZ"
        wire.ask(query("rollback"))
        works(wire)


def test_a_cursor_executed_as_a_portal_is_capped(make_gateway):
    with connect(make_gateway(rules=CAPPED)) as wire:
        for _ in range(2):
            assert codes(wire.ask(query(f"declare c cursor with hold for {TEN}"))) == []
            assert kinds(wire.ask(execute("c", 2), SYNC)) == "DDsZ"
            assert kinds(wire.ask(execute("c", 2), SYNC)) == "DsZ"
            assert kinds(wire.ask(query("fetch 2 c"))) == "TDDCZ"  # an answer of its own
            assert kinds(wire.ask(query("close c"))) == "CZ"  # the next one of its name is another
        works(wire)


# --- limit: the rows of COPY TO STDOUT

@pytest.mark.parametrize("state", ["idle", "transaction"])
@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("options, lines", [("", 3), ("(format csv)", 3), ("(format csv, header)", 2), ("(format binary)", 3)])
def test_copy_out_is_limited(make_gateway, options, lines, extended, state):
    with connect(make_gateway(rules=policy_file("traffic_from_client", {"limit": {"rows": 3}}, match="query.kind: copy"))) as wire:
        for rows in (lines, lines + 1, 100_000):
            if state == "transaction":
                wire.ask(query("begin"))
            text = f"copy (select generate_series(1, {rows})) to stdout {options}"
            answer = wire.ask(*([parse(text), bind(), execute(), SYNC] if extended else [query(text)]))
            cut = rows > lines
            assert codes(answer) == (["53400"] if cut else []) and kinds(answer).count("d") == 3 + (not cut and "binary" in options)
            assert status(answer) == ("I" if state == "idle" else "E" if cut else "T")
            if state == "transaction":
                assert codes(wire.ask(query("select 1"))) == (["25P02"] if cut else [])  # the server agrees
                wire.ask(query("rollback"))
            works(wire)


def test_an_answer_that_was_cut_is_not_counted_with_the_next(make_gateway):
    rules = {**THREE, **policy_file("traffic_from_server", {"deny": {}}, match="response.rows: 4", name="four")}
    with connect(make_gateway(rules=rules)) as wire:
        for _ in range(2):
            assert codes(wire.ask(query(TEN))) == ["53400"]
            assert wire.rows("select 1") == [("1",)]
            assert codes(wire.ask(parse(TEN), bind(), execute(), SYNC)) == ["53400"]
            works(wire)


# --- limit: duration and COPY

@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize("mode", ["simple", "extended"])
def test_duration_of_a_copy_whose_client_dawdles(make_gateway, pg, mode, in_transaction):
    pg.sql("drop table if exists corner_copy; create table corner_copy (a int)")
    gateway = make_gateway(rules=policy_file("traffic_from_client", {"limit": {"duration": "300ms"}}, match="query.kind: copy"))
    with connect(gateway) as wire:
        if in_transaction:
            wire.ask(query("begin"))
        text = "copy corner_copy from stdin"
        wire.send(*([query(text)] if mode == "simple" else [parse(text), bind(), execute(), FLUSH]))
        wire.until("G")
        wire.send(copy_data(b"1\n"))
        time.sleep(0.8)
        wire.send(copy_data(b"2\n"), COPY_DONE, *([SYNC] if mode == "extended" else []))
        answer = wire.until_ready()
        assert codes(answer) == ["57014"] and kinds(answer) == "EZ" and status(answer) == ("E" if in_transaction else "I")
        if in_transaction:
            wire.ask(query("commit"))
        assert wire.rows("select count(*) from corner_copy") == [("0",)]
        answer = wire.ask(query("copy (select pg_sleep(20)) to stdout"))
        assert codes(answer) == ["57014"] and kinds(answer) == "HEZ"
        works(wire)


# --- an error in the midst of answers

ERROR = policy_file("traffic_from_server", {"error": {"sqlstate": "P0099", "message": "not this answer"}}, match="query.functions: generate_series")
OTHER = [parse("select 1"), bind(), execute()]
ANSWERS = {"simple": ([query(TEN)], "EZ"), "several": ([query(f"select 1; {TEN}; select 2")], "TDCEZ"), "extended": ([parse(TEN), bind(), execute(), SYNC], "12EZ"),
           "described": ([parse(TEN), bind(), describe(), execute(), SYNC], "12EZ"), "in portions": ([parse(TEN), bind(), execute(rows=2), execute(rows=2), SYNC], "12EZ"),
           "pipeline": ([*OTHER, parse(TEN), bind(), execute(), *OTHER, SYNC], "12DC12EZ"), "copy": ([query(f"copy ({TEN}) to stdout")], "EZ"), "flush": ([parse(TEN), bind(), execute(), FLUSH, SYNC], "12EZ"),
           "two pipelines": ([parse(TEN), bind(), execute(), SYNC, *OTHER, SYNC], "12EZ12DCZ")}


@pytest.mark.parametrize("how", ANSWERS)
def test_an_error_in_the_place_of_an_answer(make_gateway, how):
    messages, shape = ANSWERS[how]
    with connect(make_gateway(rules=ERROR)) as wire:
        for _ in range(2):
            answer = wire.ask(*messages, ready=shape.count("Z"))
            assert kinds(answer) == shape and codes(answer) == ["P0099"]
            works(wire)
        wire.ask(query("begin"))
        wire.ask(query(f"declare c cursor for {TEN}"))
        assert codes(wire.ask(query("fetch 2 c"))) == ["P0099"]
        assert status(wire.ask(query("rollback"))) == "I"


# --- masks: each portal has formats of its own

def test_masks_follow_the_formats_of_each_portal(make_gateway, pg):
    pg.sql("drop table if exists corner_mask; create table corner_mask (a int, word text); insert into corner_mask values (1, 'secret'), (2, 'hidden')")
    gateway = make_gateway(rules=policy_file("traffic_to_client", {"response": {"columns": ["corner_mask.word", "corner_mask.a"]}}))
    text, binary, plain = "select a, word from corner_mask", [b"\0\0\0\0", b"********"], [b"0", b"********"]

    def rows(*messages):
        answer = wire.ask(*messages)
        assert not errors(answer)
        return [m.columns for m in answer if m.kind == "D"]

    with connect(gateway) as wire:
        assert rows(parse(text), describe("S"), bind(result_formats=(1,)), execute(), SYNC) == [binary] * 2
        assert rows(parse(text), bind(result_formats=(1,)), describe(), execute(rows=1), bind(), execute(), SYNC) == [binary, plain, plain]
        assert rows(parse(text, "s"), bind(statement="s", portal="a", result_formats=(1,)), bind(statement="s", portal="b"), describe("P", "a"), describe("P", "b"),
                    execute("a", 1), execute("b", 1), execute("a"), execute("b"), SYNC) == [binary, plain, binary, plain]
        assert rows(parse(text), bind(), describe(), bind(result_formats=(0, 1)), execute(), SYNC) == [plain] * 2
        wire.ask(query("begin"))
        wire.ask(query(f"declare c binary cursor for {text}"))
        assert rows(query("fetch 1 c")) == [binary] and rows(execute("c"), SYNC) == [plain]  # only FETCH heeds BINARY
        assert status(wire.ask(query("commit"))) == "I"
        copied = b"".join(m.body for m in wire.ask(query("copy corner_mask (a, word) to stdout (format binary)")) if m.kind == "d")
        assert copied and b"secret" not in copied and b"hidden" not in copied
        works(wire)


# --- police: what is delayed

DELAY = policy_file("traffic_from_client", {"police": {"rate": 4, "burst": 1, "on_excess": "delay", "max_delay": "5s"}}, {"limit": {"concurrency": 1, "key": "one"}}, match="query.functions: now")


def test_what_is_delayed_is_not_cancelled_and_nobody_else_is(make_gateway):
    """The server runs nothing of it that a cancel request could end."""
    with connect(make_gateway(rules=DELAY)) as wire:
        wire.ask(query("select now()"))
        wire.send(query("select now()"))
        with Wire((wire.socket.getpeername())) as canceller:
            canceller.send(cancel_request(wire.pid, wire.key))
            canceller.until_closed()
        assert codes(wire.until_ready()) == []
        answer = wire.ask(*[m for _ in range(3) for m in (parse("select now()"), bind(), execute())], SYNC)
        assert kinds(answer) == "12DC" * 3 + "Z"  # in their order, none is lost
        works(wire)


def test_clients_leave_while_they_are_delayed(make_gateway, pg):
    gateway = make_gateway(rules=DELAY)
    for how in ("close", "reset"):
        wire = connect(gateway, application_name="leaver")
        wire.send(*[query("select now()")] * 4)
        time.sleep(0.05)
        if how == "reset":
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.drop()
    host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/sessions")[1]["sessions"] == [], 10, "the sessions have gone")
    host.wait_until(lambda: pg.sql("select count(*) from pg_stat_activity where application_name = 'leaver'") == "0", 10, "and their servers'")
    assert [row["in_flight"] for row in gateway.rest("GET", "/gateway/v1/limits")[1]["limits"]] == [0, 0]


# --- route: a server dies

@pytest.fixture
def visiting(make_gateway, pg):
    plain = {"address": f"127.0.0.1:{pg.port}", "tls": {"mode": "disable"}}
    return make_gateway(rules=policy_file("traffic_from_client", {"route": {"target": "second", "by": "statement"}}, match="query.functions: pg_terminate_backend"),
                        config={"targets": [{"name": "main", **plain}, {"name": "second", **plain}]})


@pytest.mark.parametrize("how", ["simple", "extended", "flush"])
def test_the_server_that_is_visited_dies(visiting, pg, how):
    text = "select pg_terminate_backend(pg_backend_pid())"
    with connect(visiting, application_name="visitor") as wire:
        wire.send(*([query(text)] if how == "simple" else [parse(text), bind(), execute(), FLUSH if how == "flush" else SYNC]))
        assert [(e["S"], e["C"]) for e in errors(wire.until_closed())] == [("FATAL", "57P01")]
        host.wait_until(lambda: pg.sql("select count(*) from pg_stat_activity where application_name = 'visitor'") == "0", 10, "both servers have let it go")


def test_the_server_dies_that_is_not_visited_at_present(visiting, pg):
    visit = query("select pg_terminate_backend(0)")
    with connect(visiting, application_name="visitor") as wire:
        wire.ask(visit)
        home = wire.rows("select pg_backend_pid()")[0][0]
        pg.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'visitor' and pid <> {home}")
        host.wait_until(lambda: pg.sql("select count(*) from pg_stat_activity where application_name = 'visitor'") == "1", 10, "it is dead")
        works(wire)
        assert codes(wire.ask(visit)) == []  # on a new connection
        pg.sql(f"select pg_terminate_backend({home})")
        assert [(e["S"], e["C"]) for e in errors(wire.send(query("select 1")).until_closed())] == [("FATAL", "57P01")]  # there is no home to come back to


# --- noset: every way there is to set

WAYS = ["set a.b = '2'", "select set_config('a.b', '2', false)", "reset a.b", "reset all", "discard all", "set local a.b = 3", "begin; set a.b = 3; commit", "do $$ begin set a.b = 4; end $$",
        "prepare x as select set_config('a.b', '5', false)"]


def test_what_is_pinned_stays_in_every_mode(make_gateway):
    with connect(make_gateway(rules=policy_file("traffic_from_client", {"set": {"name": "a.b", "value": "1"}}, {"noset": {"name": "a.b"}}))) as wire:
        wire.rows("select 1")
        for text in WAYS:
            assert codes(wire.ask(query(text))) == ["55P02"], text
            if ";" not in text or text.startswith("do"):
                assert codes(wire.ask(*OTHER, parse(text), bind(), execute(), *OTHER, SYNC)) == ["55P02"], text
            assert wire.rows("show a.b") == [("1",)]
        assert codes(wire.ask(parse("select set_config($1, $2, false)"), bind(["a.b", "7"]), execute(), SYNC)) == ["55P02"]
        assert wire.rows("show a.b") == [("1",)]
        works(wire)
