"""route, forward, create: two PostgreSQL servers, one a streaming replica of the other, and what a session may take along."""
import pathlib
import socket
import struct
import subprocess
import threading
import time

import pytest

from rig import host, postgres
from support.rules import policy_file
from support.pgwire import COPY_DONE, FLUSH, SYNC, TERMINATE, Wire, bind, cancel_request, close, connect, copy_data, describe, errors, execute, kinds, message, parse, query, status

WHERE = "select pg_is_in_recovery()"


@pytest.fixture(scope="module")
def servers(folder):
    primary = postgres.Cluster(folder / "routing-primary")
    primary.start()
    primary.sql("create role alice login; create role bob login; create table notes (id serial primary key, text text); grant all on notes, notes_id_seq to public")
    replica = postgres.Cluster(folder / "routing-replica", settings={"primary_conninfo": f"host=127.0.0.1 port={primary.port} user=postgres"})
    replica.folder.mkdir(parents=True)
    host.own(replica.folder)
    primary.stop()
    subprocess.run(["cp", "-a", primary.data, replica.data], check=True)
    (replica.data / "standby.signal").touch()
    host.own(replica.data / "standby.signal")
    primary.start()
    replica.start()
    yield primary, replica
    replica.stop()
    primary.stop()


def config(servers, **gateway):
    primary, replica = servers
    plain = {"tls": {"mode": "disable"}}
    return {"targets": [{"name": "one", "address": f"127.0.0.1:{primary.port}", "role": "primary", **plain},
                        {"name": "two", "address": f"127.0.0.1:{replica.port}", "role": "replica", "tags": {"zone": "b"}, **plain}], "gateway": gateway}


def policy(hook, then, match="", name="routing"):
    return policy_file(hook, *then, match=match, name=name)


READS = "query.read_only: true"
SPLIT = {"route": {"role": "replica", "by": "statement"}}


@pytest.fixture
def make(make_gateway, servers):
    def made(rules, **gateway):
        return make_gateway(rules=rules, config=config(servers, **gateway))
    return made


def on_replica(wire, text=WHERE):
    return wire.rows(text) == [("t",)]


def refusal(messages):
    found = errors(messages)
    return found[0]["C"] if found else None


def test_sessions_are_routed_when_they_are_opened(make):
    gateway = make({**policy("startup", [{"route": {"role": "replica"}}], "session.user: alice", "a"),
                    **policy("startup", [{"route": {"tags": {"zone": "b"}}}], "session.user: bob", "b")})
    for user, there in (("alice", True), ("bob", True), ("postgres", False)):
        with connect(gateway, user=user) as wire:
            assert on_replica(wire) == there
            listed = [s for s in gateway.rest("GET", "/gateway/v1/sessions")[1]["sessions"] if s["user"] == user]
            assert [s["target"] for s in listed] == ["two" if there else "one"]


def test_a_server_that_is_down_is_followed_by_the_next(make_gateway, servers):
    settings = config(servers)
    settings["targets"].append({"name": "three", "address": f"127.0.0.1:{host.free_port()}", "role": "replica", "weight": 1000})
    gateway = make_gateway(rules=policy("startup", [{"route": {"role": "replica"}}]), config=settings)
    for _ in range(3):
        with connect(gateway) as wire:
            assert on_replica(wire)


def test_nobody_is_available(make_gateway, servers):
    settings = config(servers)
    settings["targets"][1]["address"] = f"127.0.0.1:{host.free_port()}"
    gateway = make_gateway(rules={**policy("startup", [{"route": {"role": "replica"}}], "session.user: alice", "a"),
                                  **policy("startup", [{"route": {"role": "replica", "on_unavailable": "refuse"}}], "session.user: bob", "b")}, config=settings)
    with connect(gateway, user="alice") as wire:
        assert not on_replica(wire)
    with Wire((gateway.address, gateway.port)) as wire:
        assert wire.login(user="bob")[-1].fields["C"] == "08006"


def test_an_unknown_target_refuses(make):
    gateway = make(policy("traffic_from_client", [{"route": {"target": "nowhere"}}]))
    with connect(gateway) as wire:
        assert refusal(wire.ask(query("select 1"))) == "58000"


def test_reads_go_to_the_replica_and_writes_stay(make, servers):
    gateway = make(policy("traffic_from_client", [SPLIT], READS))
    with connect(gateway) as wire:
        for _ in range(3):
            assert on_replica(wire)
            assert refusal(wire.ask(query("insert into notes (text) values ('x')"))) is None
            answer = wire.ask(parse(WHERE), bind(), describe(), execute(), SYNC)
            assert kinds(answer) == "12TDCZ" and [m.columns for m in answer if m.kind == "D"] == [[b"t"]]
            answer = wire.ask(parse("insert into notes (text) values ('y') returning pg_is_in_recovery()"), bind(), execute(), SYNC)
            assert [m.columns for m in answer if m.kind == "D"] == [[b"f"]]
    assert servers[0].sql("select count(*) from pg_stat_activity where backend_type = 'client backend' and usename = 'postgres' and pid <> pg_backend_pid()") == "0"
    assert gateway.metric("signalbox_moves_total", outcome="moved") >= 6


def test_a_transaction_stays_where_it_began(make):
    gateway = make(policy("traffic_from_client", [SPLIT], READS))
    with connect(gateway) as wire:
        wire.ask(query("begin"))
        assert not on_replica(wire)
        wire.ask(query("insert into notes (text) values ('x')"))
        assert not on_replica(wire)
        wire.ask(query("commit"))
        assert on_replica(wire)
        answer = wire.ask(query("select 1; insert into notes (text) values ('z')"))
        assert refusal(answer) is None
        answer = wire.ask(query("begin; select 1"))
        assert status(answer) == "T" and not on_replica(wire)
        wire.ask(query("rollback"))


def test_transactions_can_be_routed(make):
    gateway = make(policy("traffic_from_client", [{"route": {"role": "replica", "by": "transaction"}}], "query.kind: [begin, select]"))
    with connect(gateway) as wire:
        assert status(wire.ask(query("begin"))) == "T"
        assert on_replica(wire)
        assert refusal(wire.ask(query("insert into notes (text) values ('x')"))) == "25006"
        assert status(wire.ask(query("rollback"))) == "I"
        assert refusal(wire.ask(query("insert into notes (text) values ('x')"))) is None


HOLDS = ["set work_mem = '8MB'", "select set_config('work_mem', '8MB', false)", "create temp table mine (a int)", "create table pg_temp.mine (a int)", "select 1 as a into temp mine",
         "prepare p as select 1", "listen news", "select pg_advisory_lock(7)", "select nextval('notes_id_seq')", "declare c cursor with hold for select 1", "set role alice",
         "do $$ begin perform set_config('work_mem', '8MB', false); end $$", "load 'auto_explain'"]


@pytest.mark.parametrize("text", HOLDS)
def test_a_session_that_holds_state_stays(make, text):
    gateway = make(policy("traffic_from_client", [SPLIT], READS + ", query.functions: pg_is_in_recovery"))
    with connect(gateway) as wire:
        assert on_replica(wire)
        wire.ask(query(text))
        for _ in range(2):
            assert not on_replica(wire)
        assert refusal(wire.ask(query("discard all"))) is None
        assert on_replica(wire)


@pytest.mark.parametrize("text", ["insert into notes (text) values ('x')", "begin; set local work_mem = '8MB'; commit", "select now()", "explain select 1", "show work_mem", ""])
def test_what_leaves_nothing_does_not_hold_a_session(make, text):
    gateway = make(policy("traffic_from_client", [SPLIT], READS + ", query.functions: pg_is_in_recovery"))
    with connect(gateway) as wire:
        wire.ask(query(text))
        assert on_replica(wire)


def test_named_statements_hold_a_session(make):
    gateway = make(policy("traffic_from_client", [SPLIT], READS))
    with connect(gateway) as wire:
        assert kinds(wire.ask(parse(WHERE, "p"), SYNC)) == "1Z"
        answer = wire.ask(bind(statement="p"), execute(), SYNC)
        assert [m.columns for m in answer if m.kind == "D"] == [[b"f"]]
        assert not on_replica(wire)


@pytest.mark.parametrize("goes", [[close("S", "p"), SYNC], [query("deallocate p")], [query("deallocate all")], [query("discard all")],
                                  [parse("deallocate p"), bind(), execute(), SYNC]], ids=["Close", "DEALLOCATE", "DEALLOCATE ALL", "DISCARD ALL", "extended"])
def test_named_statements_hold_it_until_they_are_closed(make, goes):
    gateway = make(policy("traffic_from_client", [SPLIT], READS))
    with connect(gateway) as wire:
        wire.ask(parse(WHERE, "p"), parse(WHERE, "q"), SYNC)
        assert not on_replica(wire)
        wire.ask(close("S", "q"), SYNC)
        assert not on_replica(wire)  # p is left
        assert refusal(wire.ask(*goes)) is None
        assert on_replica(wire)


def test_a_pipeline_with_several_statements_stays_together(make):
    gateway = make(policy("traffic_from_client", [SPLIT], READS))
    with connect(gateway) as wire:
        pipeline = wire.ask(parse(WHERE), bind(), execute(), parse("insert into notes (text) values ('p')"), bind(), execute(), SYNC)
        assert refusal(pipeline) is None and [m.columns for m in pipeline if m.kind == "D"] == [[b"f"]]
        assert on_replica(wire)


PIECES = {"parse first": [parse(WHERE), bind() + describe() + execute() + SYNC], "sync last": [parse(WHERE) + bind() + describe() + execute(), SYNC],
          "message by message": [parse(WHERE), bind(), describe(), execute(), SYNC], "amid a message": [(whole := parse(WHERE) + bind() + describe() + execute() + SYNC)[:-17], whole[-17:]]}


@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES)
@pytest.mark.parametrize("by", ["statement", "transaction", "session"])
def test_a_pipeline_that_comes_in_pieces_moves_as_a_whole(make, by, pieces):
    """Nothing of it goes anywhere before its Sync is here; the client, who has not asked for an answer yet, does not notice."""
    gateway = make(policy("traffic_from_client", [{"route": {"role": "replica", "by": by}}], READS))
    with connect(gateway) as wire:
        for _ in range(2):
            for piece in pieces:
                wire.send(piece)
                assert piece is pieces[-1] or by == "session" or wire.quiet(0.1)
            answer = wire.until_ready()
            assert kinds(answer).replace("S", "") == "12TDCZ" and [m.columns for m in answer if m.kind == "D"] == [[b"t"]]
        assert refusal(wire.ask(query("insert into notes (text) values ('x')"))) == ("25006" if by == "session" else None)


def test_a_pipeline_in_pieces_that_turns_out_to_hold_another_statement_stays(make):
    gateway = make(policy("traffic_from_client", [SPLIT], READS))
    with connect(gateway) as wire:
        wire.send(parse(WHERE), bind(), execute())
        assert wire.quiet(0.1)
        answer = wire.ask(parse("insert into notes (text) values ('p')"), bind(), execute(), SYNC)
        assert refusal(answer) is None and [m.columns for m in answer if m.kind == "D"] == [[b"f"]]
        assert on_replica(wire)


def test_a_flush_in_a_pipeline_is_answered(make):
    """Its client may wait for the answer before it goes on, with whatever statement: it stays."""
    gateway = make(policy("traffic_from_client", [SPLIT], READS))
    with connect(gateway) as wire:
        for _ in range(2):
            wire.send(parse(WHERE), bind())
            time.sleep(0.1)
            wire.send(execute(), FLUSH)
            assert [wire.receive().kind for _ in "12DC"] == ["1", "2", "D", "C"]
            assert kinds(wire.ask(SYNC)) == "Z"
        assert on_replica(wire)


def test_a_pipeline_too_long_to_be_held_stays(make_gateway, servers):
    gateway = make_gateway(rules=policy("traffic_from_client", [SPLIT], READS), config={**config(servers), "limits": {"statement_memory": "64 KiB"}})
    with connect(gateway) as wire:
        wire.send(parse("select pg_is_in_recovery(), length($1)"), bind(["x" * 100_000]), execute(), FLUSH)
        assert [m.columns for m in wire.until("C") if m.kind == "D"] == [[b"f", b"100000"]]
        assert kinds(wire.ask(SYNC)) == "Z" and on_replica(wire)


def test_a_client_leaves_while_its_pipeline_is_held(make, servers):
    gateway = make(policy("traffic_from_client", [SPLIT], READS))
    for how in ("close", "reset", "goodbye"):
        wire = connect(gateway, application_name="leaver")
        wire.send(parse(WHERE), bind(), execute())
        time.sleep(0.1)
        if how == "reset":
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == "goodbye":
            wire.send(TERMINATE)
        wire.drop()
        host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/sessions")[1]["sessions"] == [], 10, "the session has gone")
        host.wait_until(lambda: servers[0].sql("select count(*) from pg_stat_activity where application_name = 'leaver'") == "0", 10, "and its server's")
    with connect(gateway) as wire:
        assert on_replica(wire)


def at_the_replica(make):
    """Its sessions are at the replica, and go to the primary for a COPY."""
    return make({**policy("startup", [{"route": {"role": "replica"}}], name="a"), **policy("traffic_from_client", [{"route": {"role": "primary", "by": "statement"}}], "query.kind: copy", "b")})


@pytest.mark.parametrize("how", ["simple", "sync", "flush"])
@pytest.mark.parametrize("end", ["done", "fail"])
def test_copy_from_stdin_goes_to_the_primary(make, servers, how, end):
    """The replica would refuse it. In the extended protocol drivers send Sync with the Execute (libpq), or behind the data."""
    gateway = at_the_replica(make)
    servers[0].sql("truncate notes")
    text = "copy notes (text) from stdin"
    with connect(gateway) as wire:
        assert on_replica(wire)
        messages = [query(text)] if how == "simple" else [parse(text), bind(), describe(), execute(), FLUSH if how == "flush" else SYNC]
        wire.send(*messages)
        answer = [wire.receive()]
        while answer[-1].kind not in "GE":
            answer.append(wire.receive())
        assert answer[-1].kind == "G", errors(answer)
        wire.send(copy_data(b"x\ny\n"), COPY_DONE if end == "done" else message(b"f", b"no more\0"), *([] if how == "simple" else [SYNC]))
        answer = wire.until_ready()
        assert refusal(answer) == (None if end == "done" else "57014") and status(answer) == "I"
        assert servers[0].sql("select count(*) from notes") == ("2" if end == "done" else "0")
        assert on_replica(wire)


def test_a_copy_that_goes_on_with_another_statement(make, servers):
    """Nobody has sent that to the primary: it is refused, and the session is home again behind its Sync."""
    gateway = at_the_replica(make)
    servers[0].sql("truncate notes")
    with connect(gateway) as wire:
        assert on_replica(wire)
        wire.send(parse("copy notes (text) from stdin"), bind(), execute(), FLUSH)
        assert [wire.receive().kind for _ in "12G"] == ["1", "2", "G"]
        wire.send(copy_data(b"x\n"), COPY_DONE)
        answer = wire.ask(parse(WHERE), bind(), execute(), SYNC)
        assert refusal(answer) == "0A000" and kinds(answer) == "CEZ" and status(answer) == "I"
        assert servers[0].sql("select count(*) from notes") == "0"  # one implicit transaction, and it has failed
        assert on_replica(wire)


def test_on_unsafe_refuses(make):
    gateway = make(policy("traffic_from_client", [{"route": {"role": "replica", "by": "statement", "on_unsafe": "refuse"}}], READS + ", query.functions: pg_is_in_recovery"))
    with connect(gateway) as wire:
        assert on_replica(wire)
        wire.ask(query("set work_mem = '8MB'"))
        answer = wire.ask(query(WHERE))
        assert refusal(answer) == "0A000" and status(answer) == "I"


def test_read_your_writes_and_lag(make, servers):
    primary, replica = servers
    route = {"route": {"role": "replica", "by": "statement", "max_lag": "3s", "read_your_writes": True}}
    gateway = make(policy("traffic_from_client", [route], READS), check_interval="100ms")
    with connect(gateway) as wire, connect(gateway) as other:
        host.wait_until(lambda: on_replica(wire), 10, "the replica is known to be fresh")
        replica.sql("select pg_wal_replay_pause()")
        try:
            wire.ask(query("insert into notes (text) values ('mine')"))
            assert not on_replica(wire)  # what it wrote is not there yet
            assert wire.rows("select count(*) from notes where text = 'mine'") == [("1",)]
            assert on_replica(other)  # nothing of its own is missing
            host.wait_until(lambda: not on_replica(other), 10, "the replica is too far behind")
        finally:
            replica.sql("select pg_wal_replay_resume()")
        host.wait_until(lambda: on_replica(wire) and on_replica(other), 10, "the replica has caught up")
        assert wire.rows("select count(*) from notes where text = 'mine'") == [("1",)]


def test_the_shipped_split(make):
    pack = pathlib.Path(__file__).parents[2] / "rules/packs/read_write_split/read_write_split.policy.yaml"
    rules = {pack.name: pack.read_text()}
    with connect(make(rules, check_interval="100ms")) as wire:
        assert not on_replica(wire)  # off
    with connect(make({**rules, "data.json": '{"packs": {"read_write_split": {"enabled": true}}}'}, check_interval="100ms")) as wire:
        host.wait_until(lambda: on_replica(wire), 10, "reads go to the replica")
        assert refusal(wire.ask(query("insert into notes (text) values ('split')"))) is None
        assert wire.rows("select count(*) from notes where text = 'split'") == [("1",)]


def test_cancel_reaches_the_server_that_runs_it(make):
    gateway = make(policy("traffic_from_client", [SPLIT], "query.functions: pg_sleep"))
    with connect(gateway) as wire:
        wire.send(query("select pg_sleep(20)"))
        time.sleep(0.5)
        with Wire((gateway.address, gateway.port)) as canceller:
            canceller.send(cancel_request(wire.pid, wire.key))
            canceller.until_closed()
        assert refusal(wire.until_ready()) == "57014"
        assert wire.rows("select 1") == [("1",)]


def test_forward_goes_to_allowed_networks_only(make, servers):
    address = f"127.0.0.1:{servers[1].port}"
    rule = policy("traffic_from_client", [{"forward": {"address": address, "by": "statement", "tls": "disable"}}], "query.functions: pg_is_in_recovery")
    with connect(make(rule, forward_networks=["127.0.0.0/8"])) as wire:
        assert on_replica(wire)
        assert refusal(wire.ask(query("insert into notes (text) values ('x')"))) is None
    for networks in ([], ["10.0.0.0/8"]):
        with connect(make(rule, forward_networks=networks)) as wire:
            assert refusal(wire.ask(query(WHERE))) == "58000"
            assert wire.rows("select 1") == [("1",)]


def test_create_opens_a_fresh_connection(make):
    gateway = make(policy("traffic_from_client", [{"create": {}}], "query.functions: pg_backend_pid, query.comment.fresh: 'yes'"))
    with connect(gateway) as wire:
        before = wire.rows("select pg_backend_pid()")
        assert wire.rows("select pg_backend_pid()") == before
        fresh = wire.rows("select pg_backend_pid() /*fresh='yes'*/")
        assert fresh != before and wire.rows("select pg_backend_pid()") == fresh


def test_other_credentials(make_gateway, servers):
    servers[0].sql("create role reporting login password 'a secret'; ")
    settings = config(servers)
    settings["targets"].append({"name": "report", "address": f"127.0.0.1:{servers[0].port}", "user": "reporting", "password": "a secret", "tls": {"mode": "disable"}})
    gateway = make_gateway(rules=policy("traffic_from_client", [{"route": {"target": "report"}}], "query.comment.report: 'yes'"), config=settings)
    with connect(gateway) as wire:
        assert wire.rows("select current_user") == [("postgres",)]
        assert wire.rows("select current_user /*report='yes'*/") == [("reporting",)]
        assert wire.rows("select current_user, current_database()") == [("reporting", "postgres")]


def test_many_sessions_split(make):
    """32 clients read and write at once; each sees its own answers, and reads run on the replica."""
    gateway = make(policy("traffic_from_client", [SPLIT], READS), threads=2)
    failures = []

    def client(number):
        try:
            with connect(gateway) as wire:
                for i in range(10):
                    assert wire.rows(f"select pg_is_in_recovery(), {number * 100 + i}") == [("t", str(number * 100 + i))]
                    answer = wire.ask(query(f"insert into notes (text) values ('{number}') returning {i}"))
                    assert [m.columns for m in answer if m.kind == "D"] == [[str(i).encode()]]
        except Exception as error:  # noqa: BLE001
            failures.append((number, repr(error)))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures, failures[:3]


# --- facts that change by moving

#: What the policies read beside: facts of the server are others once the session has moved, the time always is.
MEANWHILE = {"nothing": "", "where_it_is": "server.target: main", "where_it_is_not": "server.target: {not: nowhere}", "the_time": ""}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("hook", ["traffic_from_client", "traffic_to_server"])
@pytest.mark.parametrize("reads", MEANWHILE)
def test_a_statement_moves_once_whatever_policies_read(make_gateway, pg, hook, reads):
    """It is decided again where it has come to, and runs there."""
    pg.sql("drop table if exists moving; create table moving as select 1 as a")
    match = "{query.tables.name: moving" + (f", {MEANWHILE[reads]}" if MEANWHILE[reads] else "") + "}"
    rules = f"policy: moves\non: [{hook}]\nrules:\n  - match: {match}\n    then: [{{route: {{target: second, by: statement}}}}]\n"
    if reads == "the_time":
        rules += "  - when: input.time_ns < 0\n    then: [{log: {message: never}}]\n"
    plain = {"address": f"127.0.0.1:{pg.port}", "tls": {"mode": "disable"}}
    gateway = make_gateway(rules={"a.policy.yaml": rules}, config={"targets": [{"name": "main", **plain}, {"name": "second", **plain}]})
    home, away = "select pg_backend_pid()", "select pg_backend_pid() from moving"
    with connect(gateway) as wire:
        (here,), = wire.rows(home)
        there = {wire.rows(away)[0][0] for _ in range(2)}
        answer = wire.ask(parse(away), bind(), execute(), SYNC)
        there |= {m.columns[0].decode() for m in answer if m.kind == "D"}
        assert len(there) == 1 and here not in there
        assert wire.rows(home) == [(here,)]
    assert gateway.metric("signalbox_moves_total", outcome="moved") == 3


@pytest.mark.timeout(60)
@pytest.mark.parametrize("hook", ["traffic_from_client", "traffic_to_server"])
def test_policies_that_send_a_statement_to_and_fro_do_not_keep_it(make_gateway, pg, hook):
    pg.sql("drop table if exists moving; create table moving as select 1 as a")
    rules = "".join(f"  - match: {{query.tables.name: moving, server.target: {here}}}\n    then: [{{route: {{target: {there}, by: statement}}}}]\n"
                    for here, there in (("main", "second"), ("second", "third"), ("third", "main")))
    plain = {"address": f"127.0.0.1:{pg.port}", "tls": {"mode": "disable"}}
    gateway = make_gateway(rules={"a.policy.yaml": f"policy: moves\non: [{hook}]\nrules:\n{rules}"},
                           config={"targets": [{"name": name, **plain} for name in ("main", "second", "third")]})
    with connect(gateway) as wire:
        for _ in range(3):
            assert wire.rows("select a from moving") == [("1",)]
            assert wire.rows("select 1") == [("1",)]
