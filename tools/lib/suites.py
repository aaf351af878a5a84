"""tools/suites: pg_regress, isolation and libpq_pipeline of PostgreSQL 15: direct, through the gateway without policies,
and through the gateway with policies that read every statement and every bound value, and refuse nothing.

Every run has a server of its own, freshly made. A gateway that is what it says gives the numbers that PostgreSQL
gives without it; the exit code is 1 when it does not.
"""
import argparse
import contextlib
import pathlib
import re
import shutil
import subprocess
import sys
import time

from rig import build, host, postgres, report, source
from rig.gateway import Gateway

SUITES = ["regress", "isolation", "pipeline"]
PLACES = ["direct", "gateway", "policies"]
# Each rule reads on to its last fact, which nothing has.
RULES = """policy: reads_everything
rules:
  - name: the statement
    match: {query.kind: {not: [load]}, query.text: {not: [nothing]}}
    when: |
      count(input.query.tables) >= 0
      count(input.query.columns) + count(input.query.functions) < 0
    then: [deny: {sqlstate: "42501", message: never}]
  - name: the values
    when: input.query.where.column_that_nobody_has == 1
    then: [deny: {sqlstate: "42501", message: never}]
  - name: the parameters
    when: input.query.parameters[_].value == "a value that nobody has"
    then: [deny: {sqlstate: "42501", message: never}]
"""
# What PostgreSQL's own make check runs with: expected files show, for one, what wal_level below logical warns of.
SETTINGS = {"wal_level": "replica", "max_connections": 100, "max_prepared_transactions": 2}


class Workplace:
    """PostgreSQL's tests and programs in a folder that the server's account may read and write."""

    def __init__(self, folder):
        self.folder = folder
        copy = folder / "postgresql"
        shutil.copytree(source.postgresql(), copy, symlinks=True)
        self.tests = copy / "src/test"
        self.installed = copy / "usr/lib/postgresql/15"
        self.bin = self.installed / "bin"
        self.drivers = self.installed / "lib/pgxs/src/test"
        self.includes = [f"-I{copy}/usr/include/postgresql/15/server", "-I/usr/include/postgresql"]
        self.libraries = folder / "libraries"
        self.libraries.mkdir()
        for name in ("autoinc.so", "refint.so"):
            shutil.copy(self.installed / "lib" / name, self.libraries)
        self.compile("regress/regress.c", self.libraries / "regress.so", "-shared", "-fPIC")
        self.pipeline = folder / "libpq_pipeline"
        self.compile("modules/libpq_pipeline/libpq_pipeline.c", self.pipeline,
                     after=[f"-L{self.installed}/lib", "-lpq", "-lpgcommon", "-lpgport"])

    def compile(self, file, target, *flags, after=()):
        command = ["gcc", "-w", "-O1", *flags, *self.includes, self.tests / file, "-o", target, *after]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode != 0:
            raise host.Failure(f"compiling {file}:\n{done.stderr}")

    def run(self, command, name, seconds):
        """Runs as the server's account; returns (exit code, output)."""
        output = self.folder / name
        output.mkdir()
        host.own(output)
        child = host.Process(command, self.folder / f"{name}.log", ordinary=True, cwd=output,
                             env={"PGISOLATIONTIMEOUT": "60", "LC_MESSAGES": "C", "PGHOST": "", "PGPORT": ""})
        code = child.wait(seconds)
        if code is None:
            child.child.kill()
            child.child.wait()
        return code, child.output()


def regress(place, server, name, program="regress/pg_regress", folder="regress", schedule="parallel_schedule",
            database="regression"):
    tests = place.tests / folder
    command = [place.drivers / program, f"--host={server.address}", f"--port={server.port}", "--user=postgres",
               f"--bindir={place.bin}", f"--dlpath={place.libraries}", f"--inputdir={tests}",
               f"--outputdir={place.folder / name}", f"--schedule={tests / schedule}", f"--dbname={database}"]
    command += ["--max-concurrent-tests=20"] if folder == "regress" else []
    code, output = place.run(command, name, 600)
    failed = re.findall(r"^(?:test|    ) ?(\S+) +\.\.\. FAILED", output, re.M)
    passed = len(re.findall(r"\.\.\. ok\b", output))
    if code is None:
        failed.append("(did not finish)")
    elif code != 0 and not failed:
        failed.append(f"(ended with {code})")
    return report.Counts(passed, len(failed), 0, failed)


def isolation(place, server, name):
    return regress(place, server, name, "isolation/pg_isolation_regress", "isolation", "isolation_schedule",
                   "isolation_regression")


def pipeline(place, server, name):
    """Eleven programs in one; some want their own objects, so each runs alone."""
    listed = subprocess.run([place.pipeline, "tests"], capture_output=True, text=True, check=True).stdout.split()
    counts = report.Counts()
    conninfo = f"host={server.address} port={server.port} user=postgres dbname=postgres"
    for test in listed:
        code, output = place.run([place.pipeline, test, conninfo], f"{name}-{test}", 60)
        counts += report.Counts(int(code == 0), int(code != 0), 0, [] if code == 0 else [f"{test}: {output[-300:]}"])
    return counts


RUN = {"regress": regress, "isolation": isolation, "pipeline": pipeline}


@contextlib.contextmanager
def server(where, place, program):
    """PostgreSQL, or a gateway before it."""
    cluster = postgres.Cluster(place.folder / f"pg-{where}", settings=SETTINGS, locale="C", bin=place.bin)
    gateway = None
    try:
        cluster.start()
        if where != "direct":
            rules = {"reads_everything.policy.yaml": RULES} if where == "policies" else None
            gateway = Gateway(program, place.folder / where, f"{cluster.address}:{cluster.port}", rules=rules)
            gateway.start()
        yield gateway or cluster
    finally:
        if gateway:
            gateway.stop()
        cluster.stop()


def show_differences(place, name):
    for diff in sorted((place.folder / name).glob("regression.diffs")):
        print("\n".join(diff.read_text(errors="replace").splitlines()[:200]))


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/suites", description=__doc__)
    parser.add_argument("--preset", default="release", help="build to test (release)")
    parser.add_argument("--binary", type=lambda path: pathlib.Path(path).resolve(), help="a gateway already built, instead of a preset")
    parser.add_argument("--only", default=",".join(SUITES), help=f"of: {', '.join(SUITES)}")
    parser.add_argument("--where", default=",".join(PLACES), help=f"of: {', '.join(PLACES)}")
    parser.add_argument("--diffs", action="store_true", help="print the differences of failed tests")
    return parser.parse_args(arguments)


def main(arguments):
    chosen = options(arguments)
    suites, places = chosen.only.split(","), chosen.where.split(",")
    program = chosen.binary
    if places != ["direct"] and not program:
        program = build.build(chosen.preset, ["signalbox"], quiet=True)
    results = {}
    with host.temporary_folder("signalbox-suites-") as folder:
        place = Workplace(folder)
        for where in places:
            with server(where, place, program) as running:
                for suite in suites:
                    started = time.monotonic()
                    counts = RUN[suite](place, running, f"{suite}-{where}")
                    results[suite, where] = counts
                    print(f"{suite:10} {where:8} {counts.passed:4} of {counts.passed + counts.failed:4} passed "
                          f"{time.monotonic() - started:7.1f} s  {' '.join(counts.notes)[:1500]}", flush=True)
                    if chosen.diffs:
                        show_differences(place, f"{suite}-{where}")
    return verdict(results, suites)


def verdict(results, suites):
    """0 when the gateway gives what PostgreSQL gives (or, where that was not asked, when nothing failed)."""
    for suite in suites:
        direct = results.get((suite, "direct"))
        for where in PLACES:
            found = results.get((suite, where))
            if found and (found.failed if direct is None else (found.passed, found.notes) != (direct.passed, direct.notes)):
                return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except host.Failure as failure:
        print(f"tools/suites: {failure}", file=sys.stderr)
        sys.exit(3)
