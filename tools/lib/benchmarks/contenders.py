"""The contenders: no proxy, the gateway without and with policies, PgBouncer, HAProxy; all before one server.

Each has `address`, `port`, and, but for the first, `process`; all listen on loopback, PgBouncer of Debian 12 has known
vulnerabilities and must not be seen from elsewhere.
"""
import contextlib
import resource
import time

from rig import host
from rig.gateway import Gateway

NAMES = ["direct", "gateway", "gateway + 100 rules", "PgBouncer", "HAProxy"]
OPEN_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

PGBOUNCER = """[databases]
* = host={host} port={port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 20000
default_pool_size = 20000
server_idle_timeout = 5
server_reset_query =
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
"""
HAPROXY = """defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen postgresql
  bind 127.0.0.1:{listen}
  server main {host}:{port}
"""


def rules(count=100):
    """Policies that read the statement: its kind, its tables, its functions, who sends it. None applies to pgbench."""
    out = ["policy: hundred", "on: [traffic_from_client]", "rules:"]
    deny = 'deny: {sqlstate: "42501", message: "not allowed"}'
    shapes = [
        "match: {{query.kind: [delete, update], query.has_where: false, session.user: role_{0}}}",
        "match: {{query.kind: [drop_table, truncate_table], session.database: base_{0}}}",
        "match: {{query.functions: [pg_read_file_{0}]}}",
        'when: some table in input.query.tables; table.name == "secret_{0}"',
    ]
    for number in range(count):
        shape = shapes[number % len(shapes)].format(number)
        out += [f"  - name: rule {number}", f"    {shape}", f"    then: [{deny}]"]
    return "\n".join(out) + "\n"


class Direct:
    process = None

    def __init__(self, server):
        self.address, self.port = server.address, server.port

    def stop(self):
        pass


class Other:
    """A proxy that is one program with one configuration file."""

    def __init__(self, folder, name, command, template, server):
        self.address, self.port = "127.0.0.1", host.free_port()
        self.folder = folder / name
        self.folder.mkdir()
        host.own(self.folder)
        self.config = self.folder / f"{name}.conf"
        self.config.write_text(template.format(host=server.address, port=server.port, listen=self.port))
        self.command = ["prlimit", f"--nofile={OPEN_FILES}", *(part.format(config=self.config) for part in command)]

    def launch(self):
        self.process = host.Process(self.command, self.folder / "log", ordinary=True)

    def start(self):
        self.launch()

        def serving():
            if not self.process.running():
                raise host.Failure(f"{self.command}: {self.process.output()[-1000:]}")
            return host.accepts(self.address, self.port)

        host.wait_until(serving, 20, "it serves")
        return self

    def stop(self):
        self.process.stop()


def make(name, folder, server, program):
    """One contender, not started."""
    if name == "direct":
        return Direct(server)
    if name == "PgBouncer":
        return Other(folder, "pgbouncer", ["/usr/sbin/pgbouncer", "-q", "{config}"], PGBOUNCER, server)
    if name == "HAProxy":
        return Other(folder, "haproxy", ["/usr/sbin/haproxy", "-db", "-f", "{config}"], HAPROXY, server)
    policies = {"hundred.policy.yaml": rules()} if "rules" in name else None
    return Gateway(program, folder / name.replace(" ", "-"), f"{server.address}:{server.port}", rules=policies,
                   open_files=OPEN_FILES, config={
        "targets": [{"name": "main", "address": f"{server.address}:{server.port}", "tls": {"mode": "disable"}}],
        "limits": {"connections": 0}, "queue": {"decisions": False}, "gateway": {"drain_timeout": "1s"}})


@contextlib.contextmanager
def all_of(names, folder, server, program):
    """The contenders by name, started."""
    started = {}
    try:
        for name in names:
            contender = make(name, folder, server, program)
            if name != "direct":
                contender.start()
            started[name] = contender
        yield started
    finally:
        for contender in started.values():
            contender.stop()


def start_to_serving(name, folder, server, program, times):
    """Milliseconds from exec to the first accepted connection, several times."""
    found = []
    for number in range(times):
        place = folder / f"start-{number}-{name.replace(' ', '-')}"
        place.mkdir()
        host.own(place)
        contender = make(name, place, server, program)
        if isinstance(contender, Gateway):
            contender.write_config()
        began = time.monotonic()
        contender.launch()
        while not host.accepts(contender.address, contender.port):
            if time.monotonic() - began > 20:
                raise host.Failure(f"{name} did not start: {contender.process.output()[-1000:]}")
        found.append((time.monotonic() - began) * 1000)
        contender.stop()
    return found
