"""What is prepared is decided by what it stands for, whenever it runs: by SQL and by the protocol, under the policies, the
session and the values of that moment."""
import time

import pytest

from rig import host
from support import pgwire
from support.pgwire import SYNC, bind, connect, errors, execute, parse, query

SETUP = "drop table if exists orders; create table orders (id int, tenant int); insert into orders values (1, 7), (2, 8)"
TENANT = """package policies.tenant

import rego.v1

actions contains {"action": "deny", "message": "orders are read by tenant"} if {
	some t in input.query.tables
	t.name == "orders"
	t.access in {"read", "write"}
	input.query.kind in {"select", "delete", "update"}
	not t.where.tenant == 7
}
"""


def deny(match, message="no", name="rule"):
    return f"policy: {name}\non: [traffic_from_client]\nrules:\n  - name: the rule\n    match: {match}\n    then: [{{deny: {{message: {message}}}}}]\n"


def codes(answer):
    return [e["C"] for e in errors(answer)]


@pytest.fixture
def tenant(make_gateway, pg):
    pg.sql(SETUP)
    gateway = make_gateway(rules={"tenant.rego": TENANT})
    with connect(gateway) as wire:
        yield wire


def test_arguments_of_execute_are_parameters(tenant):
    wire = tenant
    assert codes(wire.ask(query("prepare p (int) as select id from orders where tenant = $1"))) == []
    assert wire.rows("execute p(7)") == [("1",)]
    assert codes(wire.ask(query("execute p(8)"))) == ["42501"]
    assert codes(wire.ask(query("execute p(7 + 1)"))) == ["42501"]
    assert codes(wire.ask(query("explain analyze execute p(8)"))) == ["42501"]
    assert codes(wire.ask(query("create temp table x as execute p(8)"))) == ["42501"]
    assert codes(wire.ask(parse("execute p(8)"), bind(), execute(), SYNC)) == ["42501"]
    assert codes(wire.ask(parse("execute p(7)"), bind(), execute(), SYNC)) == []


def test_prepared_by_sql_and_bound_by_the_protocol(tenant):
    wire = tenant
    wire.ask(query("prepare p (int) as select id from orders where tenant = $1"))
    assert codes(wire.ask(bind(["7"], "p"), execute(), SYNC)) in ([], ["42501"])  # its type is not told: "7" is text
    assert codes(wire.ask(bind(["8"], "p"), execute(), SYNC)) == ["42501"]
    # The name and its use in one segment, the name twice.
    assert codes(wire.ask(query("deallocate p; prepare p (int) as select id from orders where id = $1"), bind(["8"], "p"), execute(), SYNC, ready=2)) == ["42501"]


def test_prepared_by_the_protocol_and_executed_by_sql(tenant):
    wire = tenant
    assert codes(wire.ask(parse("select id from orders where tenant = $1", "q", (23,)), SYNC)) == []
    assert wire.rows("execute q(7)") == [("1",)]
    assert codes(wire.ask(query("execute q(8)"))) == ["42501"]
    # In the middle of a pipeline, the answer to Parse still on its way.
    assert codes(wire.ask(parse("select id from orders where id = $1", "r", (23,)), parse("execute r(1)"), bind(), execute(), SYNC)) == ["42501"]


def test_prepare_in_the_extended_protocol(tenant):
    wire = tenant
    wire.ask(parse("prepare p (int) as select id from orders where tenant = $1"), bind(), execute(), SYNC)
    assert wire.rows("execute p(7)") == [("1",)]
    assert codes(wire.ask(query("execute p(8)"))) == ["42501"]


def test_a_cursor_stands_for_its_query(make_gateway, pg):
    pg.sql(SETUP)
    gateway = make_gateway(rules={})
    with connect(gateway) as wire:
        wire.ask(query("set application_name = 'before'"))
        gateway.write_rules(deny("{query.kind: nothing_of_the_kind}").replace("query.kind: nothing_of_the_kind", "query.kind: listen"))
        host.wait_until(lambda: codes(wire.ask(query("listen x"))), 10, "statements are read")
        wire.ask(query("begin"))
        assert codes(wire.ask(query("declare c cursor for select id from orders order by id"))) == []
        assert wire.rows("fetch 1 from c") == [("1",)]
        gateway.write_rules(deny("{query.kind: select}"))
        host.wait_until(lambda: codes(wire.ask(query("rollback"), query("select 1"), ready=2)), 10, "the new policy holds")
        wire.ask(query("begin"))
        assert codes(wire.ask(query("fetch 1 from c"))) == ["42501"]


def test_names_from_before_anybody_looked_are_refused(make_gateway):
    gateway = make_gateway(rules={})
    with connect(gateway) as wire:
        wire.ask(query("prepare p as delete from orders"))
        wire.ask(query("begin"))
        wire.ask(query("declare c cursor with hold for select 1"))
        wire.ask(query("commit"))
        gateway.write_rules(deny("{query.kind: delete}"))
        host.wait_until(lambda: codes(wire.ask(query("delete from no_such_table"))) == ["42501"], 10, "the policy holds")
        assert codes(wire.ask(query("execute p"))) == ["26000"]
        assert codes(wire.ask(query("fetch c"))) == ["26000"]
        assert codes(wire.ask(bind((), "p"), execute(), SYNC)) in (["26000"], ["42501"])
        wire.ask(query("discard all"))
        wire.ask(query("prepare p as select 1"))
        assert wire.rows("execute p") == [("1",)]


def test_decided_again_when_the_session_has_changed(make_gateway):
    """Prepared under one application_name, executed under another."""
    gateway = make_gateway(rules={"a.policy.yaml": deny("{query.kind: delete, session.application_name: careless}")})
    with connect(gateway) as wire:
        wire.ask(query("create temp table t (a int); set application_name = 'careful'"))
        assert codes(wire.ask(parse("delete from t", "s"), SYNC)) == []
        assert codes(wire.ask(bind((), "s"), execute(), SYNC)) == []
        wire.ask(query("set application_name = 'careless'"))
        assert codes(wire.ask(bind((), "s"), execute(), SYNC)) == ["42501"]
        wire.ask(query("set application_name = 'careful'"))
        assert codes(wire.ask(bind((), "s"), execute(), SYNC)) == []


def test_decided_again_when_the_transaction_has_begun(make_gateway):
    """Facts that pass with every statement: the transaction's state, also when BEGIN is in the same segment."""
    gateway = make_gateway(rules={"a.policy.yaml": deny("{query.kind: delete, session.transaction: active}")})
    with connect(gateway) as wire:
        wire.ask(query("create temp table t (a int)"))
        wire.ask(parse("delete from t", "s"), SYNC)
        assert codes(wire.ask(bind((), "s"), execute(), SYNC)) == []
        wire.ask(query("begin"))
        assert codes(wire.ask(bind((), "s"), execute(), SYNC)) == ["42501"]
        wire.ask(query("rollback"))
        assert codes(wire.ask(query("begin"), query("delete from t"), query("rollback"), ready=3)) == ["42501"]
        assert codes(wire.ask(query("delete from t"))) == []


def test_decided_again_when_time_has_passed(make_gateway):
    until = time.time_ns() + 2_500_000_000
    rule = f"""package policies.hours

import rego.v1

actions contains {{"action": "deny", "message": "closed"}} if {{
	input.query.kind == "delete"
	time.now_ns() > {until}
}}
"""
    gateway = make_gateway(rules={"hours.rego": rule})
    with connect(gateway) as wire:
        wire.ask(query("create temp table t (a int)"))
        assert codes(wire.ask(parse("delete from t", "s"), SYNC)) == []
        assert codes(wire.ask(bind((), "s"), execute(), SYNC)) == []
        time.sleep(max(0, (until - time.time_ns()) / 1e9) + 0.1)
        assert codes(wire.ask(bind((), "s"), execute(), SYNC)) == ["42501"]
        assert pgwire.kinds(wire.ask(query("select 1"))) == "TDCZ"
