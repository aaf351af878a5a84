"""`engine: opa`: the real OPA decides, over the policies as they are. What a refusal looks like, and that every facility of
the protocol keeps its order, is held against PostgreSQL by the scenes of test_refusals; what is decided, against the
built-in engine, event by event.
"""
import contextlib
import json
import pathlib

import pytest

from rig import host
from rig.gateway import Gateway
from support import pgwire
from support.opa import Opa, installed
from support.pgwire import FLUSH, SYNC, bind, connect, errors, execute, parse, query
from test_refusals import REFUSED, REFUSED_BY_POSTGRESQL, SCENES, play
from tour.receiver import Receiver

RULES = host.ROOT / "rules"
ENTRY = (RULES / "gateway.rego").read_text()

GUARD = """package policies.guard

import rego.v1

actions contains {"action": "deny", "sqlstate": "42501", "message": "a write without WHERE is not allowed"} if {
	some kind in input.query.kinds
	kind in {"delete", "update"}
	not input.query.has_where
}

actions contains {"action": "log", "message": "a table is made", "fields": ["session.user"]} if {
	"create_table" in input.query.kinds
}
"""


def prepare(_items):
    installed()


def external(url, **more):
    return {"policy": {"engine": "opa", "opa": {"url": url, **more}}}


@pytest.fixture(scope="module")
def opa(folder):
    server = Opa(folder / "opa", {"gateway.rego": ENTRY, "guard.rego": GUARD}).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def guarded(request, pg, folder, opa):
    """A gateway whose OPA decides; its own policies say which facts to send."""
    gateway = Gateway(request.config.getoption("--binary"), folder / "asking", f"{pg.address}:{pg.port}",
                      rules={"gateway.rego": ENTRY, "guard.rego": GUARD}, config=external(opa.url, deadline="10s"))
    yield gateway.start()
    gateway.stop()


@pytest.mark.parametrize("step", [None, 7], ids=["whole", "in pieces"])
@pytest.mark.parametrize("name", SCENES)
def test_as_postgresql_refuses(name, step, pg, guarded):
    assert play(guarded, SCENES[name](REFUSED), step) == play(pg, SCENES[name](REFUSED_BY_POSTGRESQL))


def decisions(gateway, **filters):
    status, body = gateway.rest("GET", "/gateway/v1/decisions?" + "&".join(f"{k}={v}" for k, v in filters.items()))
    assert status == 200, body
    return body["decisions"]


def test_permitted_refused_logged_and_recorded(guarded):
    with connect(guarded, user="alice") as wire:
        assert wire.rows("select 1") == [("1",)]
        fields = errors(wire.ask(query("delete from t")))[0]
        assert (fields["S"], fields["C"], fields["M"]) == ("ERROR", "42501", "a write without WHERE is not allowed")
        assert not errors(wire.ask(query("create temp table t (a int)")))
    audit = pathlib.Path(guarded.config["actions"]["audit_log"])
    host.wait_until(lambda: audit.exists() and "a table is made" in audit.read_text(), 10, "the audit line")
    found = host.wait_until(lambda: decisions(guarded, user="alice", action="deny"), 10, "the record")
    assert found[0]["engine"] == "opa" and found[0]["requests"][0]["policy"] == "opa"
    assert found[0]["latency_ns"] > 0 and "passed_over" not in found[0]


def test_several_statements_of_one_query(guarded):
    with connect(guarded) as wire:
        assert pgwire.kinds(wire.ask(query("select 1; select 2"))) == "TDCTDCZ"
        assert pgwire.kinds(wire.ask(query("select 1; update t set a = 1; select 2"))) == "EZ"


def test_flush_learns_of_the_refusal_at_once(guarded):
    with connect(guarded) as wire:
        wire.send(parse(REFUSED), FLUSH)
        assert wire.receive().fields["C"] == "42501"
        assert pgwire.kinds(wire.ask(SYNC)) == "Z"


def test_long_pipeline(guarded):
    """A thousand statements in one segment, each a question: answers come in order, and nothing behind a refusal runs."""
    with connect(guarded) as wire:
        wire.ask(query("create temp table piped (a int)"))
        good = [m for i in range(300) for m in (parse(f"insert into piped values ({i})"), bind(), execute(), SYNC)]
        bad = [parse("delete from piped"), bind(), execute(), SYNC]
        found = wire.ask(*good, *bad, *good, ready=601)
        assert pgwire.kinds(found) == "12CZ" * 300 + "EZ" + "12CZ" * 300
        assert wire.rows("select count(*), count(distinct a) from piped") == [("600", "300")]


def test_policies_edited_in_opa_hold_for_what_is_open_and_what_is_prepared(folder, make_gateway):
    """OPA's policies may change at any time, so a statement prepared before is asked about when it is bound again."""
    server = Opa(folder / "edited", {"gateway.rego": ENTRY, "guard.rego": GUARD.replace('{"delete", "update"}', '{"update"}')}).start()
    try:
        gateway = make_gateway(config=external(server.url, inputs=["query.kinds", "query.has_where"], deadline="10s"))
        with connect(gateway) as wire:
            wire.ask(query("create temp table edited (a int)"))
            wire.ask(parse("delete from edited", "s"), SYNC)
            assert pgwire.kinds(wire.ask(bind((), "s"), execute(), SYNC)) == "2CZ"
            (server.folder / "guard.rego").write_text(GUARD)
            host.wait_until(lambda: errors(wire.ask(query("delete from edited"))), 10, "OPA has the new policy")
            assert pgwire.kinds(wire.ask(bind((), "s"), execute(), SYNC)) == "EZ"
            (server.folder / "guard.rego").write_text(GUARD.replace('{"delete", "update"}', '{"update"}'))
            host.wait_until(lambda: not errors(wire.ask(query("delete from edited"))), 10, "OPA has the old one again")
            assert pgwire.kinds(wire.ask(bind((), "s"), execute(), SYNC)) == "2CZ"
    finally:
        server.stop()


BY_HOOK = """package policies.by_hook

import rego.v1

actions contains {"action": "deny", "message": "not now"} if {
	input.hook == "startup"
	input.session.user == "bob"
}

actions contains {"action": "deny", "message": "not to the server"} if {
	input.hook == "traffic_to_server"
	contains(input.query.text, "secret")
}

actions contains {"action": "log", "message": "gone"} if input.hook == "closing"

actions contains {"action": "deny", "message": "not alice's"} if {
	input.session.user == "alice"
	not startswith(input.query.text, "select")
}
"""


@pytest.fixture(scope="module", params=["embedded", "opa"])
def by_hook(request, folder, pg):
    """The same policies, decided by either engine."""
    rules = {"gateway.rego": ENTRY, "by_hook.rego": BY_HOOK}
    server = Opa(folder / "by-hook-opa", rules).start() if request.param == "opa" else None
    gateway = Gateway(request.config.getoption("--binary"), folder / f"by-hook-{request.param}", f"{pg.address}:{pg.port}",
                      rules=rules, config=external(server.url, deadline="10s") if server else {})
    yield gateway.start()
    gateway.stop()
    if server:
        server.stop()


def test_every_hook_is_decided_by_the_engine(by_hook):
    """The rule that names no hook would, asked at startup, keep alice out: `not` holds where there is no query."""
    with pgwire.Wire((by_hook.address, by_hook.port)) as wire:
        last = wire.login(user="bob")[-1]
        assert (last.kind, last.fields["S"], last.fields["M"]) == ("E", "FATAL", "not now")
    with connect(by_hook, user="alice") as wire:
        assert wire.rows("select 1") == [("1",)]
        assert errors(wire.ask(query("begin")))[0]["M"] == "not alice's"
        assert errors(wire.ask(query("select 'secret'")))[0]["M"] == "not to the server"
        assert errors(wire.ask(parse("select 'secret'"), bind(), execute(), SYNC))[0]["M"] == "not to the server"
        assert wire.rows("select 2") == [("2",)]
    found = host.wait_until(lambda: decisions(by_hook, user="alice", action="log"), 10, "the closing is recorded")
    assert found[0]["hook"] == "closing"
    engine = by_hook.config["policy"].get("engine", "embedded")
    assert {record["engine"] for record in decisions(by_hook)} == {engine}


# --- the same policy and input give the same decision in both engines

STATEMENTS = """select 1;delete from t;update t set a = 1;delete from t where id = 1;update t set a = 1 where true
with x as (delete from t returning *) select * from x;copy t to program 'sh';copy t from '/etc/passwd';copy t from stdin
select pg_read_file('/etc/passwd'), lo_export(1, '/tmp/x');alter system set work_mem = 1;drop database d;selec 1;load 'x'
create table t (a int);grant select on t to ann;drop table t;truncate t;vacuum t;begin;do $$ begin null; end $$;set role alice
select 'secret';explain analyze delete from t;prepare p as update t set a = 1;select $1::int;call p();listen x;merge into t using u on true when matched then delete"""

HOOKS = ["connecting", "startup", "authenticated", "traffic_from_client", "traffic_to_server", "closing", "closed", "booted"]


def events(gateway):
    """(input, what the built-in engine asks for) of every statement at every hook, as the gateway makes them."""
    for text in STATEMENTS.replace("\n", ";").split(";") + ["select 1; delete from t"]:
        for hook in HOOKS if text in ("select 1", "delete from t", "create table t (a int)", "selec 1") else HOOKS[3:5]:
            for user in ("alice", "bob"):
                status, body = gateway.rest("POST", "/gateway/v1/plan", {"statement": text, "hook": hook, "session": {"user": user}})
                assert status == 200, body
                yield body["input"], body["decision"]


def plain(request):
    """A request as the policy wrote it."""
    own = {key: request[key] for key in ("action", "priority", "final", "shadow") if key in request}
    return {**request.get("parameters", {}), **own}


def as_set(actions):
    return sorted({json.dumps(action, sort_keys=True) for action in actions})


def test_both_engines_decide_alike(folder, make_gateway):
    """All of rules/ and a policy for many hooks, in OPA and in the built-in engine, on the same events."""
    rules = {path.name: path.read_text() for path in sorted(RULES.iterdir()) if path.suffix == ".rego" or path.name.endswith(".policy.yaml")}
    rules["by_hook.rego"] = BY_HOOK
    gateway = make_gateway(rules=rules)
    for name in [name for name in rules if name.endswith(".yaml")]:
        done = gateway.run("policy", "rego", str(RULES / name))
        assert done.returncode == 0, done.stderr
        rules[name.replace(".yaml", ".rego")] = done.stdout
        del rules[name]
    server = Opa(folder / "alike", rules).start()
    try:
        asked_for = 0
        for document, decision in events(gateway):
            theirs = as_set(server.actions(document))
            assert as_set(gateway.rest("POST", "/v1/data/gateway/actions", {"input": document})[1]["result"]) == theirs, document
            if document["hook"] in ("startup", "closing", "traffic_from_client", "traffic_to_server"):  # the hooks that a rule names
                assert as_set(map(plain, decision["requests"])) == theirs, document
                asked_for += len(theirs)
            else:
                assert theirs == [], document
        assert asked_for > 40
    finally:
        server.stop()


def test_the_result_of_an_action_is_decided_there_too(folder, make_gateway):
    """The gateway's own policies only say which hooks are asked about; what they would do at them shows if they decide."""
    asks = 'actions contains {"action": "webhook", "url": "%s", "body": {"a": 1}, "result": true} if "listen" in input.query.kinds\n'
    hears = 'actions contains {"action": "log", "message": "OPA has heard"} if input.hook == "action_result"\n'
    with contextlib.closing(Receiver()) as receiver:
        guard = "package policies.guard\n\nimport rego.v1\n\n" + asks % receiver.url + "\n" + hears
        server = Opa(folder / "results", {"gateway.rego": ENTRY, "guard.rego": guard}).start()
        try:
            own = {"gateway.rego": ENTRY, "guard.rego": guard.replace("OPA has heard", "the gateway has heard")}
            gateway = make_gateway(rules=own, config=external(server.url, deadline="10s"))
            with connect(gateway, user="alice") as wire:
                assert not errors(wire.ask(query("listen x")))
                asked = lambda: [one for one in decisions(gateway, user="alice", action="log") if one["hook"] == "action_result"]
                found = host.wait_until(asked, 10, "the record")
                assert wire.rows("select 1") == [("1",)]
            assert found[0]["engine"] == "opa" and found[0]["requests"][0]["parameters"]["message"] == "OPA has heard"
        finally:
            server.stop()
