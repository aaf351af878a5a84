"""The drivers that are held against the gateway: how each one's program is built and started.

A program lies in tests/e2e/clients/<language>/, is built once below build/e2e-clients/ by its language's own tool,
takes the connection from PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE and PGSSLROOTCERT, and prints a transcript.
"""
import os
import shutil
import subprocess

import pytest

from rig import host, postgres

SOURCES = host.ROOT / "tests" / "e2e" / "clients"
BUILT = host.ROOT / "build" / "e2e-clients"
# pg_dump and its like refuse a server that is newer than they are.
needs_its_own_programs = pytest.mark.skipif(postgres.SERVER_BIN != postgres.BIN, reason="programs of the server's version")
JDBC = "/usr/share/java/postgresql.jar"


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, **options)
    if done.returncode != 0:
        raise host.Failure(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}")


def python(name):
    return lambda: ["/usr/bin/python3", SOURCES / "python" / f"{name}_client.py"]


def libpqxx():
    program = BUILT / "libpqxx"
    run("clang++-19", "-std=c++17", SOURCES / "cpp" / "client.cpp", "-o", program, "-lpqxx", "-lpq")
    return [program]


def pgjdbc():
    classes = BUILT / "java"
    run("javac", "-cp", JDBC, "-d", classes, SOURCES / "java" / "Client.java")
    return ["java", "-cp", f"{JDBC}:{classes}", "Client"]


def node_postgres():
    copy = BUILT / "node"
    shutil.copytree(SOURCES / "node", copy, dirs_exist_ok=True)
    run("npm", "ci", "--no-audit", "--no-fund", cwd=copy)
    return ["node", copy / "client.js"]


def pgx():
    program = BUILT / "pgx"
    run("go", "build", "-buildvcs=false", "-o", program, ".", cwd=SOURCES / "go")
    return [program]


def tokio_postgres():
    copy = BUILT / "rust"
    shutil.copytree(SOURCES / "rust", copy, dirs_exist_ok=True)
    run("cargo", "build", "--quiet", cwd=copy)
    return [copy / "target" / "debug" / "tokio-postgres-client"]


CLIENTS = {
    "psycopg2": python("psycopg2"),
    "psycopg3": python("psycopg3"),
    "asyncpg": python("asyncpg"),
    "libpqxx": libpqxx,
    "pgjdbc": pgjdbc,
    "node-postgres": node_postgres,
    "pgx": pgx,
    "tokio-postgres": tokio_postgres,
}



def command(name, made={}):
    """The client's command line; builds the program the first time."""
    if name not in made:
        BUILT.mkdir(parents=True, exist_ok=True)
        made[name] = [str(part) for part in CLIENTS[name]()]
    return made[name]


def environment(server, *, sslmode="disable", authority=None, user="postgres", database="postgres", **more):
    """What every client and every PostgreSQL program reads its connection from."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    env.update(PGHOST=str(server.address), PGPORT=str(server.port), PGUSER=user, PGDATABASE=database,
               PGSSLMODE=sslmode, PGCONNECT_TIMEOUT="20", **more)
    if authority:
        env["PGSSLROOTCERT"] = str(authority.certificate)
    return env


def program(name, *arguments, server, text=None, database="postgres", seconds=120, **connection):
    """Runs one of PostgreSQL's own programs against `server`; returns the finished process."""
    return subprocess.run([str(postgres.BIN / name), *map(str, arguments)], input=text, capture_output=True, text=True,
                          env=environment(server, database=database, **connection), errors="replace", timeout=seconds)
