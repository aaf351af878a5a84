"""tools/run: builds the gateway, starts it before a throw-away PostgreSQL (or --target), and plays a short tour.

It stays up until Ctrl-C and leaves nothing behind. The policies are a copy of rules/, so that they can be edited and
broken at will; the copy's place is printed.
"""
import argparse
import contextlib
import os
import shutil
import signal
import sys

from rig import build, host, postgres
from rig.gateway import TOKEN, Gateway
from rig.report import coloured
from tour import steps
from tour.receiver import Receiver
from tour.session import PsqlSession


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/run", description=__doc__)
    parser.add_argument("--target", metavar="HOST:PORT", help="a PostgreSQL of yours; user, database and password from PGUSER, PGDATABASE, PGPASSWORD")
    parser.add_argument("--listen", metavar="PORT", type=int, help="the gateway's port (6432, or a free one)")
    parser.add_argument("--preset", default="release", help="CMake preset to build (release)")
    parser.add_argument("--check", action="store_true", help="play the tour, verify it, end with 0 or 1; needs no terminal")
    parser.add_argument("--no-tour", action="store_true", help="only start it")
    return parser.parse_args(arguments)


def usual_or_free(port):
    return host.free_port() if host.accepts("127.0.0.1", port) else port


@contextlib.contextmanager
def target_of(chosen, folder):
    """("host:port", environment for psql) of the server behind the gateway."""
    if chosen.target:
        yield chosen.target, {"PGUSER": os.environ.get("PGUSER", "postgres"), "PGDATABASE": os.environ.get("PGDATABASE", "postgres")}
        return
    cluster = postgres.Cluster(folder / "postgresql")
    print("starting a throw-away PostgreSQL ...", flush=True)
    try:
        cluster.start()
        yield f"{cluster.address}:{cluster.port}", {"PGUSER": "postgres", "PGDATABASE": "postgres"}
    finally:
        cluster.stop()


@contextlib.contextmanager
def gateway_before(target, program, folder, receiver, chosen):
    rules = folder / "rules"
    shutil.copytree(host.ROOT / "rules", rules)
    policy = (steps.HERE / "tour.policy.yaml").read_text().replace("WEBHOOK_URL", receiver.url)
    gateway = Gateway(program, folder / "gateway", target, rules_folder=rules)
    gateway.write_rules(policy, "tour.policy.yaml")
    if not chosen.check:
        gateway.port, gateway.admin_port = chosen.listen or usual_or_free(6432), usual_or_free(8090)
        gateway.config["listeners"][0]["address"] = f"{gateway.address}:{gateway.port}"
        gateway.config["admin"]["address"] = f"127.0.0.1:{gateway.admin_port}"
    try:
        yield gateway.start()
    finally:
        gateway.stop()


def introduce(gateway, connection, target):
    user, database = connection["PGUSER"], connection["PGDATABASE"]
    print(f"""
{coloured('signalbox', 'bold')} is serving, before the PostgreSQL at {target}

  connect    psql -h {gateway.address} -p {gateway.port} -U {user} {database}
  policies   {gateway.rules}   (edits take effect at once)
  admin      http://127.0.0.1:{gateway.admin_port}   Authorization: Bearer {TOKEN}
  audit log  {gateway.config['actions']['audit_log']}""", flush=True)


def tour(gateway, receiver, connection):
    """Plays it; returns the number of things that were not as expected."""
    session = PsqlSession({**connection, "PGHOST": gateway.address, "PGPORT": str(gateway.port), "PGAPPNAME": "tour"})
    try:
        failures = steps.play(steps.Stage(session, gateway, receiver))
    finally:
        session.close()
    print()
    for failure in failures:
        print(coloured(f"not as expected: {failure}", "red"))
    if not failures:
        print(coloured("The tour is over; everything was as it should be.", "green"))
    return len(failures)


def wait_for_the_end(gateway):
    print(coloured("\nCtrl-C ends it and leaves nothing behind.", "bold"), flush=True)
    while gateway.process.running():
        if gateway.process.wait(3600) is not None:
            raise host.Failure(f"the gateway ended by itself:\n{gateway.process.output()[-2000:]}")


def main(arguments):
    chosen = options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    program = build.build(chosen.preset, ["signalbox"], quiet=chosen.check)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(host.temporary_folder("signalbox-run-"))
        target, connection = stack.enter_context(target_of(chosen, folder))
        receiver = stack.enter_context(contextlib.closing(Receiver()))
        gateway = stack.enter_context(gateway_before(target, program, folder, receiver, chosen))
        introduce(gateway, connection, target)
        failures = 0 if chosen.no_tour else tour(gateway, receiver, connection)
        if chosen.check:
            return 1 if failures else 0
        wait_for_the_end(gateway)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nstopping ...")
    except host.Failure as failure:
        print(f"tools/run: {failure}", file=sys.stderr)
        sys.exit(3)
