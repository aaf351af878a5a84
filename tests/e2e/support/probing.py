"""One server with guarded tables and what probes it: fixtures that a test module takes by importing them."""
import pytest

from conftest import summarise
from rig import postgres
from rig.gateway import Gateway
from support.guard import PROBER, STARTUP, Guarded, policy
from support.pgwire import connect

READ, DELETE = "select secret from vault", "delete from ledger"
played = []


@pytest.fixture(scope="module")
def guarded(request, folder):
    cluster = postgres.Cluster(folder / f"{request.module.__name__}-pg", settings={"log_statement": "all", "log_min_duration_statement": "0",
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
    summarise(f"bypass corpus, {request.module.__name__}: {len(played)} probes so far")


@pytest.fixture(scope="module")
def gateway(request, guarded, folder):
    yield from started(request, guarded, folder, f"{request.module.__name__}-gateway", {"guard.policy.yaml": policy(), "startup.policy.yaml": STARTUP})


def started(request, guarded, folder, name, rules, **config):
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
        played.append(request.node.name)
        guarded.look()
        with connect(through, user=PROBER, **login) as wire:
            conversation(wire)
        guarded.check({"select 1", "begin", "commit", "rollback", "", *allowed})

    return run
