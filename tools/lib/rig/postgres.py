"""Throw-away PostgreSQL clusters: initdb, start, stop, in a folder of the caller's.

SIGNALBOX_POSTGRESQL names another server's folder of programs (initdb, postgres); clients stay those of BIN."""
import os
import pathlib
import shutil
import signal
import subprocess

from . import host

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
SERVER_BIN = pathlib.Path(os.environ.get("SIGNALBOX_POSTGRESQL") or BIN)
SUPERUSER = "postgres"

# Durability is off: the folder is thrown away. What a test needs beyond this it passes itself.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": 200,
    "wal_level": "logical",
    "max_wal_senders": 10,
    "max_prepared_transactions": 10,
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


class Cluster:
    """One PostgreSQL server. `hba` lines come before the rule that trusts everybody on loopback; `bin` is where its
    programs are, `clients` those that ask it."""

    def __init__(self, folder, *, settings=None, hba=(), locale="C.UTF-8", bin=SERVER_BIN, clients=BIN):
        self.bin = bin
        self.clients = clients
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.sockets = self.folder
        self.address = "127.0.0.1"
        self.port = host.free_port()
        self.settings = {**SETTINGS, **(settings or {})}
        self.hba = list(hba)
        self.locale = locale
        self.process = None

    def start(self):
        if not self.data.exists():
            self._create()
        self._configure()
        self.process = host.Process([self.bin / "postgres", "-D", self.data], self.folder / "postgres.log",
                                    ordinary=True, stop_signal=signal.SIGINT)
        self._wait_ready()
        return self

    def stop(self):
        if self.process:
            self.process.stop(20)
            self.process = None

    def reload(self):
        self._configure()
        self.process.signal(signal.SIGHUP)

    def sql(self, text, database="postgres", **psql):
        """Runs SQL as the superuser through the socket; returns unaligned rows as text."""
        done = subprocess.run(
            [self.clients / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.sockets, "-p", str(self.port),
             "-U", SUPERUSER, "-d", database, "-f", "-"],
            input=text, capture_output=True, text=True, timeout=psql.get("timeout", 120))
        if done.returncode != 0:
            raise host.Failure(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def _create(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        host.own(self.folder)
        command = [self.bin / "initdb", "-D", self.data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync",
                   f"--locale={self.locale}", "--no-instructions"]
        created = host.Process(command, self.folder / "initdb.log", ordinary=True)
        if created.wait(120) != 0:
            raise host.Failure(f"initdb: {created.output()}")

    def _configure(self):
        settings = {**self.settings, "port": self.port, "unix_socket_directories": self.sockets}
        lines = [f"{name} = '{value}'" for name, value in settings.items()]
        self._write("postgresql.auto.conf", lines)
        rules = [*self.hba, "local all all trust", "host all all 127.0.0.1/32 trust",
                 "local replication all trust", "host replication all 127.0.0.1/32 trust"]
        self._write("pg_hba.conf", rules)

    def _write(self, name, lines):
        path = self.data / name
        path.write_text("\n".join(lines) + "\n")
        host.own(path)

    def place(self, source, name):
        """Copies a file (a key, a certificate) into the data folder, readable by the server alone."""
        target = self.data / name
        shutil.copy(source, target)
        os.chmod(target, 0o600)
        host.own(target)
        return target

    def _wait_ready(self):
        def ready():
            if not self.process.running():
                raise host.Failure(f"PostgreSQL did not start: {self.process.output()[-2000:]}")
            return subprocess.run([self.clients / "pg_isready", "-q", "-h", self.sockets, "-p", str(self.port)]).returncode == 0

        host.wait_until(ready, 60, "PostgreSQL is ready")
