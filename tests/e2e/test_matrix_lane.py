"""Action x protocol mode x transaction state, each against a real PostgreSQL: the client sees a valid conversation, goes on
working, and a second connection finds the server in the state that the client was told of.

One gateway holds every action; the table a statement names says which of them is asked for.
"""
import json

import pytest

from rig import host
from support.rules import policy_text
from support.pgwire import COPY_DONE, FLUSH, SYNC, Closed, Wire, bind, connect, copy_data, describe, errors, execute, kinds, parse, query, status

# What is asked for, and the SQLSTATE that the statement then ends with (None: it runs).
ACTIONS = {
    "police_pass": ([{"police": {"rate": 1e6, "burst": 1e6}}], None),
    "police_delay": ([{"police": {"rate": 1000, "burst": 1, "on_excess": "delay"}}], None),
    "police_refuse": ([{"police": {"rate": 0.001, "burst": 1, "cost": 2}}], "53400"),
    "limit_pass": ([{"limit": {"concurrency": 1000, "rows": 1000, "bytes": 100000, "duration": "30s"}}], None),
    "limit_rows": ([{"limit": {"rows": 0}}], "53400"),
    "set_session": ([{"set": {"name": "lane.value", "value": "on"}}], None),
    "set_local": ([{"set": {"name": "lane.value", "value": "on", "scope": "transaction"}}], None),
    "set_bad": ([{"set": {"name": "work_mem", "value": "much"}}], "22023"),
    "set_bad_continue": ([{"set": {"name": "work_mem", "value": "much", "on_error": "continue"}}], None),
    "noset": ([{"noset": {"name": "lane.other"}}], None),
    "tag": ([{"tag": {"name": "lane", "value": "{{ time_ns }}"}}], None),
    "refused_and_tag": ([{"tag": {"name": "lane"}}, {"deny": {}}], "42501"),
    "upgrade": ([{"upgrade": {}}], "28000"),
    "transmit": ([{"transmit": {}}], None),
    "fallthrough": ([{"fallthrough": {}}], None),
    "route_stay": ([{"route": {"role": "replica", "by": "statement"}}], None),
    "route_move": ([{"route": {"target": "second", "by": "statement"}}], None),
    "route_transaction": ([{"route": {"target": "second", "by": "transaction"}}], None),
    "forward": ([{"forward": {"address": "127.0.0.1:PORT", "by": "statement", "tls": "disable", "on_unsafe": "stay"}}], None),
    "create": ([{"create": {}}], None),
    "allow": ([{"allow": {}}], None),
    "request_timeout": ([{"request": {"timeout": "30s"}}], None),
    "police_window": ([{"police": {"rate": 1e6, "algorithm": "sliding_window"}}], None),
    "limit_columns": ([{"limit": {"columns": 9}}], None),
    "deny": ([{"deny": {}}], "42501"),
    "error": ([{"error": {"sqlstate": "P0042", "message": "no"}}], "P0042"),
    "terminate": ([{"terminate": {"message": "no"}}], "42501"),
    "many": ([{"police": {"rate": 1e6}}, {"limit": {"duration": "30s"}}, {"set": {"name": "lane.value", "value": "x"}}, {"noset": {"name": "lane.other"}}], None),
    "refused_and_set": ([{"set": {"name": "lane.value", "value": "x"}}, {"deny": {"sqlstate": "42501"}}], "42501"),
}
# Hooks of requests: the cells are the same at both.
HOOKS = ["traffic_from_client", "traffic_to_server"]
MODES = ["simple", "simple_several", "extended", "prepared", "pipeline", "pipeline_flush", "copy", "copy_in", "copy_in_extended"]
# The session goes to another server connection; from then on (True), or back with the next statement that no rule sends there.
MOVES = {"route_move": False, "forward": False, "create": True}
ALONE = ("simple", "extended", "copy", "copy_in", "copy_in_extended")
STATES = ["idle", "transaction", "failed"]
# A failed SET inside a transaction aborts it, as PostgreSQL's would.
ABORTING = {"set_bad_continue"}


@pytest.fixture(scope="module")
def tables(pg):
    pg.sql("".join(f"drop table if exists lane_{name}; create table lane_{name} (a int); insert into lane_{name} values (1);" for name in ACTIONS))
    return pg


@pytest.fixture(scope="module", params=HOOKS)
def gateway(request, folder, tables):
    from rig.gateway import Gateway
    rules = {f"{name}.policy.yaml": policy_text(name, request.param, then, f"query.tables.name: lane_{name}").replace("PORT", str(tables.port))
             for name, (then, _) in ACTIONS.items()}
    plain = {"address": f"127.0.0.1:{tables.port}", "tls": {"mode": "disable"}}
    targets = [{"name": "main", **plain}, {"name": "spare", "address": "127.0.0.1:1", "role": "replica"}, {"name": "second", **plain}]
    shared = Gateway(request.config.getoption("--binary"), folder / f"matrix-lane-{request.param}", f"127.0.0.1:{tables.port}", rules=rules,
                     config={"targets": targets, "gateway": {"forward_networks": ["127.0.0.0/8"]}})
    yield shared.start()
    shared.stop()


def run(wire, mode, table):
    """The statement about `table` in this mode; the answer up to the last ReadyForQuery."""
    text = f"select a from {table}"
    if mode == "simple":
        return wire.ask(query(text))
    if mode == "simple_several":
        return wire.ask(query(f"select 1; {text}; select 2"))
    if mode == "extended":
        return wire.ask(parse(text), bind(), describe(), execute(), SYNC)
    if mode == "prepared":
        first = wire.ask(parse(text, "matrix"), SYNC)
        return first if errors(first) else wire.ask(bind(statement="matrix"), describe(), execute(), SYNC)
    if mode == "pipeline":
        return wire.ask(parse("select 1"), bind(), execute(), parse(text), bind(), execute(), parse("select 2"), bind(), execute(), SYNC)
    if mode == "pipeline_flush":
        wire.send(parse(text), bind(), execute(), FLUSH)
        return wire.ask(SYNC)
    if mode == "copy":
        return wire.ask(query(f"copy (select a from {table}) to stdout"))
    text, sync = f"copy {table} from stdin", []
    if mode == "copy_in_extended":
        wire.send(parse(text), bind(), execute(), FLUSH)
        sync = [SYNC]
    else:
        wire.send(query(text))
    answer = [wire.receive()]
    while answer[-1].kind not in "GEZ":
        answer.append(wire.receive())
    if answer[-1].kind == "G":
        wire.send(copy_data(b"7\n8\n"), copy_data(b"9\n"), COPY_DONE)
    return answer + (wire.ask(*sync) if answer[-1].kind != "Z" else [])


def told_well(answer, refused):
    """One ReadyForQuery, last; nothing behind an error but it."""
    shape = kinds(answer).replace("N", "").replace("S", "")
    assert shape.endswith("Z") and shape.count("Z") == 1
    assert ("E" in shape) == refused and (not refused or shape.endswith("EZ"))


def server_process(gateway, marker):
    """The server's process behind the session with this application_name."""
    found = [s for s in gateway.rest("GET", "/gateway/v1/sessions")[1]["sessions"] if s["application_name"] == marker]
    return found[0]["server_process"] if found else None


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("action", ACTIONS)
def test_matrix(gateway, tables, action, mode, state):
    expected = ACTIONS[action][1]
    if action == "limit_rows" and mode.startswith("copy_in"):
        expected = None  # what comes from the client is not cut
    marker = f"matrix {action} {mode} {state}"
    with connect(gateway, application_name=marker) as wire:
        if state != "idle":
            assert status(wire.ask(query("begin"))) == "T"
        if state == "failed":
            assert status(wire.ask(query("select 1/0"))) == "E"
        before = server_process(gateway, marker)
        moved = gateway.metric("signalbox_moves_total", outcome="moved")
        answer = run(wire, mode, f"lane_{action}")
        aborted = action in ABORTING and state == "transaction"
        wanted = "25P02" if state == "failed" or aborted else expected
        if action in ABORTING and mode.startswith("pipeline") and state != "failed":
            wanted = {"pipeline": "22023"}.get(mode, wanted)  # within a pipeline a failure cannot be undone
        told_well(answer, wanted is not None)
        found = [e["C"] for e in errors(answer)]
        assert found == ([wanted] if wanted else []), errors(answer)
        told = status(answer)
        assert told == ("I" if state == "idle" else "E" if wanted else "T")
        if told == "T":  # the server agrees, and shows it to others
            seen = tables.sql(f"select state from pg_stat_activity where application_name = '{marker}'")
            assert seen == "idle in transaction"
        if action in MOVES and mode in ALONE:
            assert (gateway.metric("signalbox_moves_total", outcome="moved") > moved) == (state == "idle")
        if state != "idle":
            end = wire.ask(query("commit"))
            assert status(end) == "I" and [m.text for m in end if m.kind == "C"] == ["ROLLBACK" if told == "E" else "COMMIT"]
        assert wire.rows("select 42") == [("42",)]  # it goes on working
        if action in MOVES and mode in ALONE:
            assert (server_process(gateway, marker) != before) == (state == "idle" and MOVES[action])
        written = 3 if mode.startswith("copy_in") and wanted is None else 0
        assert tables.sql(f"delete from lane_{action} where a > 1 returning a").split() == ["7", "8", "9"][:written]
        assert [m.columns for m in wire.ask(parse("select $1::int"), bind(["7"]), execute(), SYNC) if m.kind == "D"] == [[b"7"]]
        wire.send(query("copy pg_temp.none from stdin"))
        assert status(wire.until_ready()) == "I"
        assert set(tables.sql(f"select state from pg_stat_activity where application_name = '{marker}'").split("\n")) == {"idle"}


@pytest.fixture(scope="module")
def blocking(request, folder, tables):
    from rig.gateway import Gateway
    tables.sql("drop table if exists lane_block; create table lane_block (a int); grant all on lane_block to alice")
    rules = {"block.policy.yaml": policy_text("block", "traffic_from_client", [{"block": {"by": "user", "for": "1h", "message": "not again"}}], "query.tables.name: lane_block, session.user: alice")}
    own = Gateway(request.config.getoption("--binary"), folder / "matrix-block", f"127.0.0.1:{tables.port}", rules=rules)
    yield own.start()
    own.stop()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("mode", MODES)
def test_block_matrix(blocking, tables, mode, state):
    """The session ends with a FATAL error in whatever it is in, and so does the user's other one; the server rolls back; nobody else notices."""
    marker = f"block {mode} {state}"
    blocking.rest("POST", "/gateway/v1/blocks/lift", {"kind": "user", "value": "alice"})
    with connect(blocking, user="alice", application_name=marker) as wire, connect(blocking, user="alice", application_name=marker) as other, connect(blocking) as bystander:
        if state != "idle":
            assert status(wire.ask(query("begin"))) == "T"
        if state == "failed":
            assert status(wire.ask(query("select 1/0"))) == "E"
        text = f"copy lane_block from stdin" if mode.startswith("copy_in") else "copy lane_block to stdout" if mode == "copy" else "select a from lane_block"
        extended = [parse(text), bind(), describe(), execute(), SYNC]
        wire.send(*([query(text)] if mode in ("simple", "copy", "copy_in") else [query(f"select 1; {text}")] if mode == "simple_several" else
                    [parse("select 1"), bind(), execute(), *extended] if mode.startswith("pipeline") else extended))
        for session in (wire, other):
            end = session.until_closed()
            assert [(e["S"], e["C"], e["M"]) for e in errors(end)] == [("FATAL", "28000", "not again" if session is wire else errors(end)[0]["M"])]
        assert bystander.rows("select 42") == [("42",)]
        host.wait_until(lambda: tables.sql(f"select count(*) from pg_stat_activity where application_name = '{marker}'") == "0", 10, "the server has let them go")
        with Wire((blocking.address, blocking.port)) as again:
            assert again.login(user="alice")[-1].fields["C"] == "28000"
    assert tables.sql("select count(*) from lane_block") == "0"
    assert [b["value"] for b in blocking.rest("GET", "/gateway/v1/blocks")[1]["blocks"]] == ["alice"]


# How a session ends: what the client is told (None: nothing, its connection is reset), and whether its answer comes before that.
ENDS = {"reject": ({"reject": {}}, None, False), "reset": ({"reset": {}}, None, False), "disconnect": ({"disconnect": {"message": "out"}}, "57P01", False),
        "reauth_now": ({"reauth": {"when": "now"}}, "57P01", False), "shed": ({"police": {"rate": 0.001, "cost": 2, "on_excess": "shed"}}, "53400", False), "reauth": ({"reauth": {}}, "57P01", True)}


@pytest.fixture(scope="module", params=HOOKS)
def ending(request, folder, tables):
    from rig.gateway import Gateway
    tables.sql("".join(f"drop table if exists end_{name}; create table end_{name} (a int);" for name in ENDS))
    rules = {f"{name}.policy.yaml": policy_text(name, request.param, [then], f"query.tables.name: end_{name}") for name, (then, _, _) in ENDS.items()}
    own = Gateway(request.config.getoption("--binary"), folder / f"matrix-end-{request.param}", f"127.0.0.1:{tables.port}", rules=rules)
    yield own.start()
    own.stop()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "prepared"])
@pytest.mark.parametrize("action", ENDS)
def test_ends(ending, tables, action, mode, state):
    """The session ends in whatever it is in; the server rolls back and lets it go, and nobody else notices."""
    _, code, answers = ENDS[action]
    marker = f"end {action} {mode} {state}"
    with connect(ending, application_name=marker) as wire, connect(ending) as bystander:
        if state != "idle":
            wire.ask(query("begin"))
        if state == "failed":
            wire.ask(query("select 1/0"))
        found, receive = [], wire.receive
        wire.receive = lambda: found.append(receive()) or found[-1]
        try:
            run(wire, mode, f"end_{action}")
            assert answers
            told_well(found, state == "failed")
            if state != "idle":
                assert wire.quiet(0.05)  # not before the transaction has ended
                wire.ask(query("commit"))
            wire.until_closed()
        except (Closed, OSError):
            assert not answers
        fatal = [(e["S"], e["C"]) for e in errors(found) if e["S"] == "FATAL"]
        assert fatal == ([("FATAL", code)] if code else [])
        assert bystander.rows("select 42") == [("42",)]
        host.wait_until(lambda: tables.sql(f"select count(*) from pg_stat_activity where application_name = '{marker}'") == "0", 10, "the server has let it go")
    copied = tables.sql(f"delete from end_{action} returning a").split()
    assert len(copied) == (3 if answers and mode.startswith("copy_in") and state != "failed" else 0)


def test_what_makes_no_sense_is_refused_at_load_time(gateway, tmp_path):
    """An action at a hook where it has no meaning, a parameter out of its bounds."""
    cases = {"traffic_from_server": {"police": {"rate": 1}}, "closed": {"block": {}}, "connecting": {"set": {"name": "a", "value": "b"}}, "traffic_to_client": {"route": {"role": "x"}},
             "authenticated": {"reauth": {}}, "traffic_from_client": {"police": {"rate": -1}}, "startup": {"limit": {"concurrency": 0}}}
    for number, (hook, action) in enumerate(cases.items()):
        path = tmp_path / f"senseless{number}"
        path.mkdir()
        (path / "a.policy.yaml").write_text(f"policy: a\non: [{hook}]\nrules:\n  - name: r\n    then: {json.dumps([action])}\n")
        checked = gateway.run("check", str(path))
        assert checked.returncode == 1 and "a.policy.yaml:5:" in checked.stdout + checked.stderr, (hook, action, checked)
