"""The wire, message by message: what comes back through the gateway is what PostgreSQL sends, however it is cut.

Each case is a list of rounds; a round is what is sent at once and how many ReadyForQuery end it. The expected answer is
always PostgreSQL's own, from the same rounds sent to it directly.
"""
import pytest

from support import pgwire
from support.pgwire import (COPY_DONE, FLUSH, SYNC, bind, close, connect, copy_data, copy_fail, describe, execute,
                            function_call, parse, query)

SETUP = query("create temp table t (a int primary key, b text); insert into t select i, 'b' || i from generate_series(1, 9) i")
ROWS = "select a, b from t order by a"

# name: rounds of (messages, number of ReadyForQuery that end the round)
CASES = {
    "several statements in one query": [([query("select 1; select 2, 'x'; update t set b = 'z' where a < 3")], 1)],
    "empty query": [([query("")], 1), ([query(" ; ; ")], 1), ([query("-- nothing")], 1)],
    "error inside several statements": [([query("insert into t values (100, ''); select 1/0; select 2")], 1), ([query(ROWS)], 1)],
    "two queries in one segment": [([query("select 1"), query("select 2")], 2)],
    "transaction and its status": [([query("begin")], 1), ([query("select 1/0")], 1), ([query("select 1")], 1), ([query("commit")], 1)],
    "extended, all formats": [([parse("select $1::int, $2::text", "s", (23, 25)), describe("S", "s"), bind([b"\0\0\0\7", "x"], "s", "p", (1, 0), (1, 0)),
                                describe("P", "p"), execute("p"), SYNC], 1)],
    "empty extended statement": [([parse(""), bind(), describe(), execute(), SYNC], 1)],
    "no data": [([parse("create temp table u ()"), describe("S", ""), bind(), describe(), execute(), SYNC], 1)],
    "sync alone": [([SYNC], 1), ([SYNC, SYNC, SYNC], 3)],
    "flush in the middle": [([parse(ROWS), FLUSH, bind(), FLUSH, describe(), FLUSH, execute(), FLUSH, SYNC], 1)],
    "partial execute": [([query("begin")], 1), ([parse(ROWS), bind(portal="p"), execute("p", 4), execute("p", 4), execute("p", 4), execute("p", 4), SYNC], 1), ([query("commit")], 1)],
    "portal across syncs in a transaction": [([query("begin")], 1), ([parse(ROWS), bind(portal="p"), execute("p", 2), SYNC], 1), ([execute("p", 2), SYNC], 1), ([execute("p"), SYNC], 1), ([query("commit")], 1)],
    "portal does not outlive its transaction": [([parse(ROWS), bind(portal="p"), execute("p", 2), SYNC], 1), ([execute("p", 2), SYNC], 1)],
    "pipeline": [([parse("select $1::int", "s")] + [m for i in range(40) for m in (bind([str(i)], "s"), execute())] + [SYNC], 1)],
    "pipeline with syncs": [([m for i in range(20) for m in (parse(f"select {i}"), bind(), execute(), SYNC)], 20)],
    "error in a pipeline skips to sync": [([parse("insert into t values (50, 'x')"), bind(), execute(), parse("select 1/0"), bind(), execute(), parse("select 3"), bind(), execute(), SYNC], 1),
                                          ([query("select count(*) from t where a = 50")], 1)],
    "parse error skips": [([parse("selec"), bind(), describe(), execute(), close("S", ""), SYNC], 1), ([parse("select 1"), bind(), execute(), SYNC], 1)],
    "query before sync is discarded after an error": [([parse("selec"), query("select 1"), SYNC], 1)],
    "query before sync without an error": [([parse("select 1"), bind(), execute(), query("select 2")], 1), ([SYNC], 1)],
    "named statement reused": [([parse("select $1::int", "s"), SYNC], 1), ([bind(["1"], "s"), execute(), SYNC], 1), ([bind(["2"], "s"), execute(), SYNC], 1)],
    "named statement twice": [([parse("select 1", "s"), parse("select 2", "s"), SYNC], 1), ([bind((), "s"), execute(), SYNC], 1)],
    "statement renewed after close": [([parse("select 1", "s"), close("S", "s"), parse("select 'two'", "s"), bind((), "s"), execute(), SYNC], 1)],
    "failed parse leaves the name free": [([parse("selec", "s"), SYNC], 1), ([bind((), "s"), execute(), SYNC], 1), ([parse("select 1", "s"), bind((), "s"), execute(), SYNC], 1)],
    "close of what is not there": [([close("S", "nobody"), close("P", "nobody"), SYNC], 1)],
    "unknown statement and portal": [([bind((), "nobody"), SYNC], 1), ([execute("nobody"), SYNC], 1), ([describe("S", "nobody"), SYNC], 1), ([describe("P", "nobody"), SYNC], 1)],
    "deallocate against protocol statements": [([parse("select 1", "s"), SYNC], 1), ([query("deallocate s")], 1), ([bind((), "s"), SYNC], 1)],
    "deallocate all and discard all": [([parse("select 1", "s"), SYNC], 1), ([query("deallocate all")], 1), ([bind((), "s"), SYNC], 1), ([parse("select 1", "s"), SYNC], 1), ([query("discard all")], 1), ([bind((), "s"), SYNC], 1)],
    "prepared by SQL, executed by the protocol": [([query("prepare sq (int) as select $1 + 1")], 1), ([bind(["41"], "sq"), execute(), SYNC], 1)],
    "anonymous statement across transactions": [([parse("select 7"), SYNC], 1), ([bind(), execute(), SYNC], 1), ([query("select 1")], 1), ([bind(), execute(), SYNC], 1)],
    "plan must not change its result": [([parse("select * from t", "s"), SYNC], 1), ([query("alter table t add c int")], 1), ([bind((), "s"), execute(), SYNC], 1)],
    "wrong number of parameters": [([parse("select $1::int"), bind(["1", "2"]), execute(), SYNC], 1)],
    "bad parameter text": [([parse("select $1::int"), bind(["seven"]), execute(), SYNC], 1)],
    "copy out": [([query("copy t to stdout")], 1), ([parse("copy t to stdout (format binary)"), bind(), execute(), SYNC], 1)],
    "copy in": [([query("copy t from stdin"), copy_data(b"20\ttwenty\n21\t"), copy_data(b"x\n"), COPY_DONE], 1), ([query(ROWS)], 1)],
    "copy in by the extended protocol": [([parse("copy t from stdin"), bind(), execute(), copy_data(b"30\tx\n"), COPY_DONE, SYNC], 1)],
    "copy fail": [([query("copy t from stdin"), copy_data(b"20\tx\n"), copy_fail("changed my mind")], 1), ([query(ROWS)], 1)],
    "copy of bad data": [([query("copy t from stdin"), copy_data(b"nonsense\n"), COPY_DONE], 1), ([query("select 1")], 1)],
    "sync during copy in": [([query("copy t from stdin"), SYNC, FLUSH, copy_data(b"40\tx\n"), COPY_DONE], 1), ([SYNC], 1)],
    "query during copy in": [([query("copy t from stdin"), copy_data(b"41\tx\n"), query("select 1")], 1)],
    "copy done twice": [([query("copy t from stdin"), COPY_DONE, COPY_DONE, COPY_DONE], 1), ([query("select 1")], 1)],
    "copy error in a pipeline": [([parse("copy t from stdin"), bind(), execute(), copy_data(b"zz\n"), COPY_DONE, parse("select 1"), bind(), execute(), SYNC], 1)],
    "several copies in one query": [([query("copy t from stdin; copy t to stdout; select 1"), copy_data(b"60\tx\n"), COPY_DONE], 1)],
    "copy data outside copy": [([copy_data(b"stray"), COPY_DONE, query("select 1")], 1)],
    "function call": [([function_call(1598)], 1)],
    "function call of nothing": [([function_call(0, ())], 1), ([query("select 1")], 1)],
    "cursors by SQL": [([query("begin; declare c cursor for select a from t order by a; fetch 2 c; move 3 c; fetch all c; close c; commit")], 1)],
    "parameter status in the middle": [([query("set application_name = 'renamed'; select 1; set datestyle = 'german'; set client_encoding = latin1")], 1)],
    "notices": [([query("do $$ begin raise notice 'n'; raise warning 'w'; end $$; select 1")], 1)],
    "listen and notify oneself": [([query("listen a; notify a, 'x'")], 1)],
    "large row": [([query("select repeat('x', 300000), repeat('y', 100000)")], 1)],
    "many rows": [([query("select i, md5(i::text) from generate_series(1, 20000) i")], 1)],
    "many columns": [([query("select " + ", ".join(map(str, range(1600))))], 1)],
    "empty names and odd text": [([parse("select 'é', E'a\\nb', $$;$$ -- x\n;"), bind(), execute(), SYNC], 1)],
    "invalid encoding": [([query(b"select '\xff\xfe'")], 1), ([query("select 1")], 1)],
    "terminate after a query": [([query("select 1"), pgwire.TERMINATE], 1)],
}


def play(server, rounds, step):
    """The answers of each round; ("closed",) where the server ended the connection instead."""
    with connect(server) as wire:
        wire.ask(SETUP)
        return [answers(wire.send(*messages, step=step), ready) for messages, ready in rounds]


def answers(wire, ready):
    found = []
    try:
        while ready:
            last = wire.receive()
            found.append(comparable(last))
            ready -= last.kind == "Z"
    except pgwire.Closed:
        found.append(("closed",))
    return found


def comparable(message):
    """random() (the function call) and the notifier's process id differ from one server process to the next."""
    return (message.kind,) if message.kind in "VA" else message.brief()


@pytest.mark.parametrize("step", [None, 1, 7], ids=["whole", "byte by byte", "by seven"])
@pytest.mark.parametrize("name", CASES)
def test_same_as_postgresql(name, step, pg, gateway):
    rounds = CASES[name]
    total = sum(len(m) for messages, _ in rounds for m in messages)
    if step and total > 5000:
        step = max(step, total // 500)
    assert play(gateway, rounds, step) == play(pg, rounds, None)


def test_terminate_in_the_same_segment_answers_first(gateway):
    with connect(gateway) as wire:
        wire.send(query("select 'answered'"), pgwire.TERMINATE)
        assert pgwire.kinds(wire.until_closed()) == "TDCZ"


def test_unsolicited_messages_reach_an_idle_client(pg, gateway):
    """A notification and a termination by the administrator, while the client is not asking anything."""
    with connect(gateway) as wire:
        wire.ask(query("listen idle"))
        pg.sql("notify idle, 'wake up'")
        assert wire.receive().body[4:] == b"idle\0wake up\0"
        pg.sql(f"select pg_terminate_backend({wire.pid})")
        last = wire.until_closed()
        assert [m.fields["C"] for m in last if m.kind == "E"] == ["57P01"]


def test_server_killed_in_the_middle_of_a_statement(pg, gateway):
    with connect(gateway) as wire, connect(gateway) as other:
        wire.send(query("select pg_sleep(60)"))
        pg.sql(f"select pg_sleep(0.2), pg_terminate_backend({wire.pid})")
        assert [m.fields["C"] for m in wire.until_closed() if m.kind == "E"] == ["57P01"]
        assert other.rows("select 1") == [("1",)]


@pytest.mark.parametrize("protocol", [pgwire.PROTOCOL_3_0, pgwire.PROTOCOL_3_2, pgwire.PROTOCOL_3_0 + 3999])
def test_protocol_versions(protocol, pg, gateway):
    """Newer minor versions are negotiated down by the server, unknown _pq_ options are named."""
    def hello(server):
        with pgwire.Wire((server.address, server.port)) as wire:
            found = wire.login(protocol=protocol, **{"_pq_.unknown": "1", "application_name": "x"})
            return [m.brief() for m in found]

    assert hello(gateway) == hello(pg)


@pytest.mark.parametrize("protocol", [1 << 16, 2 << 16, 4 << 16, 0, 0x7FFFFFFF])
def test_unsupported_major_versions(protocol, pg, gateway):
    def hello(server):
        with pgwire.Wire((server.address, server.port)) as wire:
            wire.send(pgwire.startup({"user": "postgres"}, protocol))
            return [(m.kind, m.fields.get("C")) for m in wire.until_closed() if m.kind == "E"]

    assert hello(gateway) == hello(pg)


STARTUPS = {
    "no user": {"database": "postgres"},
    "empty user": {"user": "", "database": "postgres"},
    "unknown user": {"user": "nobody at all"},
    "unknown database": {"user": "postgres", "database": "nowhere"},
    "empty database": {"user": "postgres", "database": ""},
    "user twice": [("user", "alice"), ("user", "postgres"), ("database", "postgres")],
    "options": {"user": "postgres", "options": r"-c geqo=off --work_mem=2MB -c application_name=a\ b\\c"},
    "bad option": {"user": "postgres", "options": "-c no_such_setting=1"},
    "search path": {"user": "postgres", "options": "-c search_path=evil -c role=alice"},
    "odd parameter": {"user": "postgres", "no_such_parameter": "x"},
    "bad value": {"user": "postgres", "datestyle": "nonsense"},
    "long name": {"user": "u" * 2000, "database": "d" * 2000},
    "four kilobytes": {"user": "postgres", "application_name": "x" * 4070},
    "nine kilobytes": {"user": "postgres", "application_name": "x" * 9000},
    "unicode": {"user": "postgres", "application_name": "grüße\n\x1b[31m"},
    "replication": {"user": "postgres", "replication": "true"},
    "bad replication": {"user": "postgres", "replication": "maybe"},
}


@pytest.mark.parametrize("step", [None, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("name", STARTUPS)
def test_startup_as_sent(name, step, pg, gateway):
    """Startup parameters arrive verbatim; what PostgreSQL says of bad ones comes back."""
    def hello(server):
        with pgwire.Wire((server.address, server.port)) as wire:
            wire.send(pgwire.startup(STARTUPS[name]), step=step)
            found = []
            while not found or found[-1].kind not in "ZE":
                found.append(wire.receive())
            if found[-1].kind == "Z" and "replication" not in STARTUPS[name]:
                found += wire.ask(query("show work_mem; show search_path; show geqo; select current_user; show application_name"))
            return [m.brief() for m in found]

    assert hello(gateway) == hello(pg)
