"""Every driver sees through the gateway what it sees of PostgreSQL itself, plain and over TLS."""
import subprocess

import pytest

from support import clients


def prepare(items):
    for name in {item.callspec.params["name"] for item in items}:
        clients.command(name)


def transcript(name, server, **connection):
    done = subprocess.run(clients.command(name), env=clients.environment(server, **connection), capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert done.stdout.splitlines()[-1].startswith("done")
    return done.stdout


@pytest.mark.parametrize("sslmode", ["disable", "verify-full"])
@pytest.mark.parametrize("name", clients.CLIENTS)
def test_same_transcript(name, sslmode, pg, gateway, authority):
    direct = transcript(name, pg, sslmode=sslmode, authority=authority)
    assert transcript(name, gateway, sslmode=sslmode, authority=authority) == direct
