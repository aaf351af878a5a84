"""The end-to-end harness: one PostgreSQL with TLS and users of every password kind, one gateway before it, and a
factory for gateways with settings of their own.

`--binary=PATH` names the gateway (default: the dev build). `--direct` puts PostgreSQL itself in the gateway's place,
which shows that a test that compares the two holds for PostgreSQL: it finds mistakes in the tests, not in the product.
"""
import contextlib
import itertools
import pathlib
import ssl
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools" / "lib")]

from rig import build, host, postgres  # noqa: E402
from rig.gateway import Gateway  # noqa: E402
from support.certificates import Authority  # noqa: E402

USERS = """
set password_encryption = 'md5'; create role md5_user login password 'md5 secret';
set password_encryption = 'scram-sha-256'; create role scram_user login password 'scram secret';
create role plain_user login password 'plain secret'; create role cert_user login;
create role alice login; create role bob login; create role etl_one login;
"""
HBA = ["host all md5_user 127.0.0.1/32 md5", "host all scram_user 127.0.0.1/32 scram-sha-256",
       "host all plain_user 127.0.0.1/32 password", "local all scram_user scram-sha-256"]

_numbers = itertools.count()
_summary = []


def summarise(line):
    """A line for the end of the run: what a test has counted."""
    _summary.append(line)


def pytest_terminal_summary(terminalreporter):
    for line in _summary:
        terminalreporter.write_line(line)


def pytest_addoption(parser):
    parser.addoption("--binary", type=pathlib.Path, default=build.binary("dev"), help="the gateway's program")
    parser.addoption("--load-seconds", type=float, default=8, help="how long test_mixed_load drives its clients")
    parser.addoption("--seed", type=int, default=1, help="the first conversation of test_conversations")
    parser.addoption("--direct", action="store_true", help="PostgreSQL in the gateway's place")


def pytest_collection_modifyitems(config, items):
    """With --direct only the tests that compare through the fixture `gateway` make sense."""
    if config.getoption("--direct"):
        wanted = [item for item in items if "gateway" in item.fixturenames]
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = wanted


def pytest_collection_finish(session):
    """What tests need built, their module's `prepare(items)` builds before the first of them: no test's time goes to
    a compiler. A build that fails is tried again by the test, which reports it."""
    if session.config.option.collectonly:
        return
    for module in dict.fromkeys(item.module for item in session.items if hasattr(item.module, "prepare")):
        with contextlib.suppress(host.Failure):
            module.prepare([item for item in session.items if item.module is module])


@pytest.fixture(scope="session")
def folder():
    with host.temporary_folder("signalbox-e2e-") as path:
        yield path


@pytest.fixture(scope="session")
def authority(folder):
    return Authority(folder / "tls")


@pytest.fixture(scope="session")
def server_certificate(authority):
    return authority.issue("server", "localhost")


@pytest.fixture(scope="session")
def tls_context(authority):
    """A client's context that verifies the server's certificate."""
    return ssl.create_default_context(cafile=authority.certificate)


@pytest.fixture(scope="session")
def pg(folder, authority):
    """The PostgreSQL server behind every gateway here; its certificate is not the gateway's."""
    cluster = postgres.Cluster(folder / "pg", hba=HBA)
    cluster.start()
    cluster.sql(USERS)
    certificate, key = authority.issue("postgresql", "localhost")
    for name, source in (("server.crt", certificate), ("server.key", key), ("root.crt", authority.certificate)):
        cluster.place(source, name)
    cluster.settings.update(ssl="on", ssl_ca_file="root.crt")
    cluster.reload()
    yield cluster
    cluster.stop()


def target_of(cluster):
    return f"{cluster.address}:{cluster.port}"


def listener_tls(server_certificate, **more):
    certificate, key = server_certificate
    return {"mode": "allow", "certificate": str(certificate), "key": str(key), **more}


@pytest.fixture(scope="session")
def gateway(request, folder, pg, server_certificate):
    """A gateway without policy that offers TLS."""
    if request.config.getoption("--direct"):
        yield pg
        return
    shared = Gateway(request.config.getoption("--binary"), folder / "gateway", target_of(pg),
                     tls=listener_tls(server_certificate))
    yield shared.start()
    shared.stop()


@pytest.fixture
def make_gateway(request, folder, pg):
    """make(rules=..., config=..., tls=...): a gateway of the test's own, stopped at its end."""
    made = []

    def make(target=None, *, start=True, **options):
        path = folder / f"{request.node.originalname}-{next(_numbers)}"
        own = Gateway(request.config.getoption("--binary"), path, target or target_of(pg), **options)
        made.append(own)
        return own.start() if start else own

    yield make
    for own in made:
        own.stop()
