"""Attempts to get a forbidden statement past rules that are written the natural way, on `query.kind` and `query.tables`.

Nobody deletes from, and nobody touches `guarded`. Each attempt is a conversation of its own; afterwards the table is as
it was, and the server's own log, which holds every statement that arrived, has nothing of it.
"""
import os
import pathlib

import pytest

from rig import host, postgres
from support import pgwire
from support.pgwire import (COPY_DONE, FLUSH, SYNC, bind, close, connect, copy_data, describe, errors, execute, function_call,
                            parse, query)

POLICY = """
policy: guard
on: [traffic_from_client]
rules:
  - name: nobody deletes
    match: {query.kind: delete}
    then:
      - deny: {message: "no deletes"}
  - name: nobody touches the guarded table
    when: some table in input.query.tables; table.name == "guarded"
    then:
      - deny: {message: "guarded"}
  - name: nothing that is not understood
    match: {query.parse_error: {exists: true}}
    then:
      - deny: {sqlstate: "42601", message: "{{ query.parse_error.message }}"}
  - name: nothing hidden
    when: some why in input.query.opaque; why in {"do", "body", "function", "sql", "execute"}
    then:
      - deny: {message: "opaque"}
  - name: no calls by number
    match: {query.kind: function_call}
    then:
      - deny: {message: "no fast path"}
"""
SETUP = """
create table open (id int, note text);
create table guarded (id int, secret text);
insert into open values (1, 'a'), (2, 'b');
insert into guarded values (1, 'hidden');
"""
#: Forbidden: the first by its kind, the second by its table.
DELETE = "delete from open"
READ = "select secret from guarded"


@pytest.fixture(scope="module")
def server(folder):
    """A server of its own, whose log holds every statement that it parsed or ran."""
    cluster = postgres.Cluster(folder / "bypass-pg", settings={"log_statement": "all", "log_min_duration_statement": "0",
                                                               "log_min_messages": "log"})
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def log(server):
    path = pathlib.Path(server.folder) / "postgres.log"
    return lambda: path.read_text(errors="replace")


@pytest.fixture(scope="module")
def guarded(request, server, folder):
    from rig.gateway import Gateway
    gateway = Gateway(request.config.getoption("--binary"), folder / "bypass", f"{server.address}:{server.port}",
                      rules={"guard.policy.yaml": POLICY})
    yield gateway.start()
    gateway.stop()


@pytest.fixture
def attempt(server, guarded, log):
    """attempt(conversation): plays it and asserts that nothing forbidden has reached the server."""
    server.sql("drop table if exists open, guarded cascade;" + SETUP)
    before = len(log())

    def play(conversation):
        with connect(guarded) as wire:
            conversation(wire)
        with connect(server) as direct:
            assert direct.rows("select count(*) from open /* check */") == [("2",)]
            assert direct.rows("select secret from guarded /* check */") == [("hidden",)]
        arrived = [line for line in log()[before:].splitlines()
                   if ("secret" in line or "guarded" in line.replace("guarded /* check */", "") or "delete" in line.lower())
                   and "check */" not in line and "drop table" not in line and "create table" not in line and "insert into" not in line]
        assert arrived == [], arrived

    return play


def refused(answer):
    assert errors(answer), pgwire.kinds(answer)
    return errors(answer)[0]["C"]


@pytest.mark.parametrize("bad", [DELETE, READ], ids=["by kind", "by table"])
@pytest.mark.parametrize("form", [
    "{}", "/* x */ {}", "select 1; {}", "{}; select 1", "select 1; {}; select 2", ";;; ; {}", "begin; {}; commit",
    "insert into open values (3, 'c'); {}; insert into open values (4, 'd')", "prepare p as {}", "explain analyze {}", "explain {}",
    "explain (analyze, verbose) {}", "prepare p as {0}; execute p", "begin; prepare p as {0}; execute p; commit",
])
def test_wrapped(form, bad, attempt):
    """One Query, and the same text by Parse."""
    text = form.format(bad)

    def conversation(wire):
        assert refused(wire.ask(query(text))) in ("42501", "42601")
        assert pgwire.status(wire.ask(query("select 1"))) == "I"
        refused(wire.ask(parse(text), bind(), execute(), SYNC))
        refused(wire.ask(parse(text, "named"), SYNC))
        refused(wire.ask(bind((), "named"), execute(), SYNC))

    attempt(conversation)


@pytest.mark.parametrize("text", [
    "with d as (delete from open returning *) select * from d",
    "with d as (delete from open where id = 1 returning *) insert into open select * from d",
    "copy (delete from open returning id) to stdout",
    "copy (select secret from guarded) to stdout", "copy guarded to stdout", "copy guarded from stdin",
    "declare c cursor with hold for select secret from guarded", "create temp table stolen as select secret from guarded",
    "select secret into temp stolen from guarded", "create temp view v as select secret from guarded",
    "create materialized view mv as select secret from guarded", "insert into open select id, secret from guarded",
    "create rule r as on insert to open do also delete from open",
    "create function pg_temp.f() returns void language sql begin atomic delete from open; end",
    "do 'begin delete from open; end'", "select query_to_xml('select secret from guarded', true, false, '')",
    "select 1 from (values ((select secret from guarded))) v", "update open set note = (select secret from guarded)",
    "delete from open using guarded", "merge into open o using guarded g on g.id = o.id when matched then delete",
    "lock guarded", "truncate guarded", "alter table guarded rename to other", "drop table guarded", "select * from only guarded",
    'select * from "guarded"', "select * from public.guarded", "select * from GUARDED", 'select * from U&"gu!0061rded" uescape \'!\'',
    "select/**/secret/**/from/**/guarded", "table guarded", "(((select secret from guarded)))",
    "select * from open, lateral (select secret from guarded g where g.id = open.id) l", "select g from guarded g",
    "select 1 --\n, (select secret from guarded limit 1)", "select a$b$ from (select 1 as a$b$) q; select secret as z$b$ from guarded",
])
def test_hidden(text, attempt):
    def conversation(wire):
        refused(wire.ask(query(text)))
        refused(wire.ask(parse(text), bind(), execute(), SYNC))

    attempt(conversation)


PROBES = pathlib.Path(os.environ.get("SIGNALBOX_CONFORMANCE") or pathlib.Path(__file__).resolve().parents[3] / "shared/conformance")
# What no text shows, or what is no access to the tables at all: other rules are for these.
NOT_ABOUT_TABLES = {"5", "17", "45", "49", "65", "83", "85", "87", "89", "91", "93", "95", "97", "99", "101", "103", "105", "107",
                    "109", "111", "113", "115"}
PROBE_POLICY = POLICY.replace('table.name == "guarded"', 'table.name in {"t_secret", "t_victim", "v_secret"}') + """
  - name: types and functions of one's own run code
    when: some name in array.concat(input.query.types, input.query.functions); name in {"t_dom", "f_wipe"}
    then:
      - deny: {message: "code"}
"""


def probes():
    if not (PROBES / "bypass-probes.tsv").exists():
        return []
    rows = [line.split("\t") for line in (PROBES / "bypass-probes.tsv").read_text().splitlines()[1:]]
    return [(row[0], row[4].replace("\\n", "\n")) for row in rows if row[0] not in NOT_ABOUT_TABLES]


def test_corpus(request, server, folder, log):
    """Each probe of the shared corpus that concerns a guarded table, in one conversation for each protocol."""
    if not probes():
        pytest.skip(f"absent: {PROBES}")
    from rig.gateway import Gateway
    server.sql("drop schema public cascade; create schema public;" + (PROBES / "bypass-setup.sql").read_text())
    gateway = Gateway(request.config.getoption("--binary"), folder / "corpus", f"{server.address}:{server.port}",
                      rules={"guard.policy.yaml": PROBE_POLICY}).start()
    try:
        before = len(log())
        passed = []
        for number, text in probes():
            with connect(gateway) as wire:
                if not errors(wire.ask(query(text))) or not errors(wire.ask(parse(text), bind(), execute(), SYNC)):
                    passed.append((number, text))
        assert passed == []
        arrived = [line for line in log()[before:].splitlines() if "t_secret" in line or "t_victim" in line]
        assert arrived == [], arrived
    finally:
        gateway.stop()


def test_the_lexer_follows_the_session(attempt):
    r"""'\' is a whole string or the beginning of one, by a setting that a statement changes: also when the change is
    still on its way."""
    text = r"select '\' , '; delete from open; --'"
    off, on = query("set standard_conforming_strings = off"), query("set standard_conforming_strings = on")

    def conversation(wire):
        wire.ask(off)
        refused(wire.ask(query(text)))
        wire.ask(on)
        refused(wire.ask(off, query(text), ready=2))
        wire.ask(on)
        refused(wire.ask(parse("set standard_conforming_strings = off"), bind(), execute(), SYNC, query(text), ready=2))
        wire.ask(on)
        refused(wire.ask(query("select set_config('standard_conforming_strings', 'off', false)"), query(text), ready=2))

    attempt(conversation)


def test_prepared_as_it_was_lexed(attempt):
    """What was refused under one setting does not come to be under another."""
    def conversation(wire):
        wire.ask(query("set standard_conforming_strings = off"))
        refused(wire.ask(query(r"prepare p as select '\'', (select secret from guarded), ''")))
        wire.ask(query("set standard_conforming_strings = on"))
        refused(wire.ask(query("execute p")))

    attempt(conversation)


def test_two_queries_in_one_segment(attempt):
    def conversation(wire):
        assert [e["C"] for e in errors(wire.ask(query("select 1"), query(DELETE), query(READ), ready=3))] == ["42501"] * 2
        answer = wire.ask(query("select 1"), query(DELETE), step=1, ready=2)
        assert errors(answer)[0]["C"] == "42501"

    attempt(conversation)


def test_a_name_used_again(attempt):
    """Allowed Parse, then the same name with another text, after Close, after an error, in one segment (P3, P14)."""
    def conversation(wire):
        wire.ask(parse("select 1", "s"), SYNC)
        refused(wire.ask(close("S", "s"), parse(DELETE, "s"), bind((), "s"), execute(), SYNC))
        refused(wire.ask(parse("selec", "s"), SYNC, parse(DELETE, "s"), bind((), "s"), execute(), SYNC, ready=2))
        refused(wire.ask(parse("select 1"), bind(), parse(DELETE), execute(), SYNC))
        refused(wire.ask(query("deallocate all"), parse(READ, "s"), bind((), "s"), execute(), SYNC, ready=2))
        refused(wire.ask(query("discard all; " + "prepare s as " + DELETE)))
        refused(wire.ask(query("execute s")))

    attempt(conversation)


def test_sql_names_in_the_protocol_and_the_other_way_round(attempt):
    def conversation(wire):
        refused(wire.ask(query(f"prepare a as {DELETE}"), bind((), "a"), execute(), SYNC, ready=2))
        refused(wire.ask(parse(f"prepare a as {DELETE}"), bind(), execute(), bind((), "a"), execute(), SYNC))
        refused(wire.ask(parse(DELETE, "b"), SYNC))
        refused(wire.ask(query("execute b")))
        wire.ask(query("begin"))
        refused(wire.ask(query(f"declare c cursor for {READ}")))
        wire.ask(query("rollback"))
        refused(wire.ask(query("begin; " f"declare c cursor for {READ}; fetch c; commit")))
        wire.ask(query("begin"))
        refused(wire.ask(parse(READ), bind(portal="c"), SYNC))
        refused(wire.ask(query("fetch c")))

    attempt(conversation)


def test_fast_path_call(attempt, server):
    oid = int(server.sql("select 'pg_read_file(text)'::regprocedure::oid"))

    def conversation(wire):
        refused(wire.ask(function_call(oid, [b"PG_VERSION"])))

    attempt(conversation)


def test_copy_data_is_data(attempt):
    r"""A COPY stream with \. and SQL in it, and a Query in the middle (P9, P10)."""
    def conversation(wire):
        wire.ask(query("create temp table into_here (a text)"))
        wire.ask(query("copy into_here from stdin"), copy_data(b"x\n\\.\ndrop table guarded;\n"), COPY_DONE)
        last = wire.send(query("copy into_here from stdin"), query(DELETE)).until_closed()
        assert errors(last)[-1]["S"] == "FATAL"  # as PostgreSQL: protocol synchronization was lost

    attempt(conversation)


def test_denied_inside_a_transaction_and_a_pipeline(attempt):
    """P11, P12, P13."""
    def conversation(wire):
        wire.ask(query("begin"))
        refused(wire.ask(query(DELETE)))
        answer = wire.ask(query("commit"))
        assert pgwire.status(answer) == "I" and b"ROLLBACK" in answer[0].body
        refused(wire.ask(parse("select 1"), bind(), execute(), parse(DELETE), bind(), execute(), parse(READ), bind(), execute(), SYNC))
        wire.send(parse(DELETE), FLUSH)
        assert wire.receive().fields["C"] == "42501"
        assert pgwire.kinds(wire.ask(bind(), execute(), SYNC)) == "Z"

    attempt(conversation)


def test_reset_of_names_and_reuse(attempt):
    """P15."""
    def conversation(wire):
        for reset in ("deallocate all", "discard all"):
            wire.ask(query("prepare ok as select 1"))
            wire.ask(query(reset))
            refused(wire.ask(query(f"prepare ok as {DELETE}")))
            refused(wire.ask(query("execute ok")))
            refused(wire.ask(bind((), "ok"), execute(), SYNC))

    attempt(conversation)


def test_walsender_queries_are_decided(attempt, guarded, server, log):
    """P16."""
    before = len(log())
    with connect(guarded, replication="database") as wire:
        refused(wire.ask(query(DELETE)))
        refused(wire.ask(query("select 1; " + READ)))
    assert "delete from open" not in log()[before:]


def test_nul_and_invalid_bytes(attempt):
    """P23."""
    def conversation(wire):
        refused(wire.ask(pgwire.message(b"Q", b"select 1\0; delete from open\0")))
        refused(wire.ask(query(b"\xef\xbb\xbfdelete from open")))
        refused(wire.ask(query(b"delete from open -- \xff\xfe")))

    attempt(conversation)


@pytest.mark.parametrize("text", ["select " + "(" * 1000 + "select secret from guarded" + ")" * 1000, "select " + "abs(" * 1000 + "(select id from guarded)" + ")" * 1000],
                         ids=["parentheses", "calls"])
def test_deep_nesting(text, attempt):
    """P24."""
    attempt(lambda wire: refused(wire.ask(query(text))))


def test_ten_thousand_statements(attempt):
    """P25: all are decided, the last one too; and ten thousand permitted ones pass."""
    def conversation(wire):
        refused(wire.ask(query("select 1;" * 10_000 + DELETE)))
        answer = wire.ask(query("select 1;" * 5_000))
        assert errors(answer) == [] and pgwire.kinds(answer).count("C") == 5_000

    attempt(conversation)


def test_syntax_of_a_newer_server(attempt):
    """P26: what the grammar does not know is refused as unparsable."""
    attempt(lambda wire: refused(wire.ask(query("merge into open o using guarded g on true when matched then delete returning *"))))
