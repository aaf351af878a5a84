"""Starting, draining, reloading, dying: what a DBA does to a gateway that is in use."""
import signal
import threading
import time

import pytest

from rig import host, postgres
from support import pgwire
from support.pgwire import Closed, Wire, connect, errors, query
from support.rules import policy_file


def can_connect(gateway):
    try:
        with connect(gateway) as wire:
            return wire.rows("select 1") == [("1",)]
    except (AssertionError, Closed, OSError):
        return False


# --- SIGTERM drains

def test_drain_lets_a_statement_finish(make_gateway):
    gateway = make_gateway(config={"gateway": {"drain_timeout": "10s"}})
    with connect(gateway) as busy:
        busy.send(query("select pg_sleep(1.5), 'finished'"))
        time.sleep(0.3)
        gateway.process.signal(signal.SIGTERM)
        assert pgwire.kinds(busy.until_ready()) == "TDCZ"
        assert [m.fields["C"] for m in busy.until_closed() if m.kind == "E"] == ["57P01"]
    assert gateway.process.wait(10) == 0


def test_drain_lets_a_transaction_finish(make_gateway):
    gateway = make_gateway(config={"gateway": {"drain_timeout": "10s"}})
    with connect(gateway) as wire:
        wire.ask(query("begin"))
        gateway.process.signal(signal.SIGTERM)
        time.sleep(0.5)
        assert wire.rows("select 'still here'") == [("still here",)]
        assert pgwire.status(wire.ask(query("commit"))) == "I"
        assert [m.fields["C"] for m in wire.until_closed() if m.kind == "E"] == ["57P01"]
    assert gateway.process.wait(10) == 0


def test_drain_ends_idle_sessions_at_once_and_takes_no_new_ones(make_gateway):
    gateway = make_gateway(config={"gateway": {"drain_timeout": "10s"}})
    with connect(gateway) as idle, connect(gateway) as busy:
        busy.ask(query("begin"))
        gateway.process.signal(signal.SIGTERM)
        assert [m.fields["C"] for m in idle.until_closed() if m.kind == "E"] == ["57P01"]
        assert not can_connect(gateway)
        busy.send(pgwire.TERMINATE)
    assert gateway.process.wait(10) == 0


def test_drain_has_a_deadline(make_gateway):
    gateway = make_gateway(config={"gateway": {"drain_timeout": "1s"}})
    with connect(gateway) as wire:
        wire.send(query("select pg_sleep(60)"))
        time.sleep(0.2)
        started = time.monotonic()
        gateway.process.signal(signal.SIGTERM)
        assert [m.fields["C"] for m in wire.until_closed() if m.kind == "E"] == ["57P01"]
        assert gateway.process.wait(10) is not None and time.monotonic() - started < 8


def test_interrupt_stops(make_gateway):
    gateway = make_gateway()
    with connect(gateway):
        gateway.process.signal(signal.SIGINT)
        assert gateway.process.wait(10) is not None


# --- reload

def test_reload_under_load(make_gateway):
    """A hundred reloads do not disturb a session."""
    gateway = make_gateway()
    stop, failures = threading.Event(), []

    def work():
        try:
            with connect(gateway) as wire:
                while not stop.is_set():
                    assert wire.rows("select 1") == [("1",)]
        except (Closed, AssertionError, OSError) as error:
            failures.append(repr(error))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for _ in range(100):
        gateway.reload()
        time.sleep(0.01)
    stop.set()
    for worker in workers:
        worker.join()
    assert not failures and gateway.process.running()


def test_reload_with_a_broken_configuration_changes_nothing(make_gateway):
    gateway = make_gateway()
    gateway.config_file.write_text("listeners: [ nonsense\nlimits: {connections: -1}")
    gateway.reload()
    time.sleep(0.5)
    assert gateway.process.running() and can_connect(gateway)


def test_reload_takes_new_limits_and_a_new_target(make_gateway, pg):
    gateway = make_gateway(f"127.0.0.1:{host.free_port()}")
    assert not can_connect(gateway)
    gateway.write_config({"targets": [{"name": "main", "address": f"{pg.address}:{pg.port}"}]})
    gateway.reload()
    host.wait_until(lambda: can_connect(gateway), 10, "the new target is used")
    gateway.write_config({"limits": {"connections_per_user": 1}})
    gateway.reload()
    with connect(gateway):
        host.wait_until(lambda: not can_connect(gateway), 10, "the new limit holds")


def test_unknown_key_is_an_error_with_a_suggestion(make_gateway):
    gateway = make_gateway(start=False)
    gateway.write_config({"limits": {"conections": 5}})
    done = gateway.run("run", "--config", gateway.config_file)
    assert done.returncode != 0 and "conections" in done.stderr and "connections" in done.stderr


# --- starting

def test_port_in_use_is_told(make_gateway):
    """SO_REUSEPORT must not let two gateways share a port by accident."""
    first = make_gateway()
    second = make_gateway(start=False)
    second.config["listeners"] = first.config["listeners"]
    second.write_config()
    second.launch()
    assert second.process.wait(10) not in (None, 0)
    assert str(first.port) in second.process.output()


def test_bad_policy_at_start_is_told(make_gateway):
    gateway = make_gateway(start=False, rules={"bad.policy.yaml": "policy: x\nrules: [{then: [no_such_action: {}]}]\n"})
    gateway.write_config()
    gateway.launch()
    assert gateway.process.wait(10) not in (None, 0)
    assert "no_such_action" in gateway.process.output() and "bad.policy.yaml" in gateway.process.output()


def test_ready_soon(make_gateway):
    gateway = make_gateway(start=False)
    gateway.write_config()
    started = time.monotonic()
    gateway.launch()
    host.wait_until(lambda: host.accepts(gateway.address, gateway.port), 10, "it serves")
    assert time.monotonic() - started < 5


def test_health(make_gateway):
    gateway = make_gateway()
    assert gateway.rest("GET", "/health")[0] == 200
    before = gateway.metric("signalbox_statements_total") or 0
    with connect(gateway) as wire:
        for _ in range(5):
            wire.rows("select 1")
    host.wait_until(lambda: (gateway.metric("signalbox_statements_total") or 0) >= before + 5, 5, "statements are counted")


# --- the server's side

def test_server_restart(folder, make_gateway):
    """Sessions of a stopped server end with its own words; new ones work when it is back."""
    cluster = postgres.Cluster(folder / "restarting").start()
    try:
        gateway = make_gateway(f"{cluster.address}:{cluster.port}")
        with connect(gateway) as wire:
            cluster.stop()
            assert [m.fields["C"] for m in wire.until_closed() if m.kind == "E"] == ["57P01"]
        assert not can_connect(gateway)
        cluster.start()
        host.wait_until(lambda: can_connect(gateway), 15, "it serves again")
    finally:
        cluster.stop()


def test_kill_leaves_no_session_behind(pg, make_gateway):
    gateway = make_gateway()
    with connect(gateway) as wire:
        gateway.process.child.kill()
        wire.until_closed()
    host.wait_until(lambda: pg.sql(f"select count(*) from pg_stat_activity where pid = {wire.pid}") == "0", 10,
                    "the server sees the end")


@pytest.mark.parametrize("name", ["application\nname", "\x1b[31mred", "a\"b'c\\d"])
def test_log_lines_cannot_be_forged(name, make_gateway):
    gateway = make_gateway()
    with connect(gateway, user="postgres", application_name=name) as wire:
        wire.rows("select 1")
    with Wire((gateway.address, gateway.port)) as wire:
        errors(wire.login(user=name, database=name))
    gateway.stop()
    assert "\x1b" not in gateway.process.output()
    assert "\nname" not in gateway.process.output()


def test_an_idle_gateway_sleeps(make_gateway):
    """With policies, the async lane and a client that is silent: threads wake for what there is to do, not to look whether there is something."""
    gateway = make_gateway(rules=policy_file("traffic_from_client", {"log": {"message": "seen"}}, name="lines"))
    with connect(gateway) as wire:
        wire.rows("select 1")
        time.sleep(1)  # what it was woken for is done
        before = gateway.process.sleeps()
        time.sleep(4)
        assert gateway.process.sleeps() - before <= 12, "a timer or two a second for each thread that keeps one"
        wire.rows("select 1")
        host.wait_until(lambda: (gateway.folder / "audit.log").read_text().count('"seen"') == 2, 10, "the line is written though the writer slept")
