"""The workloads: pgbench in several forms, a connection storm, a large result; each run gives one Sample."""
import dataclasses
import pathlib
import re
import statistics
import subprocess
import time

from rig import host, postgres

CLIENTS = (1, 8, 32)
LARGE_ROWS, LARGE_ROW = 100_000, 1000


@dataclasses.dataclass
class Sample:
    rate: float  # transactions, connections or MB a second
    cpu_us: float = 0.0  # of the proxy, for one transaction, connection or MB
    p50_us: float = 0.0
    p99_us: float = 0.0


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    unit: str
    clients: int
    arguments: tuple = ()
    latencies: bool = False

    @property
    def title(self):
        return f"{self.name}, {self.clients} client{'s' if self.clients > 1 else ''}"


def listed(quick):
    """Every workload, in the order in which a round plays them."""
    forms = [("select-only, simple", ("-S", "-M", "simple")), ("select-only, prepared", ("-S", "-M", "prepared")),
             ("TPC-B, simple", ("-b", "tpcb-like"))]
    clients = (1, 8) if quick else CLIENTS
    out = [Workload(name, "tps", count, arguments) for name, arguments in forms for count in clients]
    out += [Workload("latency, select-only, simple", "tps", 1, ("-S", "-M", "simple"), True),
            Workload("latency, select-only, prepared", "tps", 1, ("-S", "-M", "prepared"), True),
            Workload("connection storm", "connections/s", 8, ("-C", "-S")),
            Workload("large result", "MB/s", 1)]
    return out


def prepare(server, scale):
    server.sql("create database bench")
    done = subprocess.run([postgres.BIN / "pgbench", "-i", "-q", "-s", str(scale), "-h", server.address, "-p",
                           str(server.port), "-U", "postgres", "bench"], capture_output=True, text=True)
    if done.returncode != 0:
        raise host.Failure(done.stderr)
    server.sql("vacuum analyze", "bench")


def measure(workload, contender, folder, seconds):
    before = contender.process.cpu_seconds() if contender.process else 0
    run = large_result if workload.name == "large result" else pgbench
    sample, units = run(workload, contender, folder, seconds)
    if contender.process and units:
        sample.cpu_us = (contender.process.cpu_seconds() - before) * 1e6 / units
    return sample


def pgbench(workload, contender, folder, seconds):
    command = [postgres.BIN / "pgbench", "-n", "-h", contender.address, "-p", contender.port, "-U", "postgres", "-c",
               workload.clients, "-j", min(workload.clients, 2), "-T", seconds, *workload.arguments, "bench"]
    if workload.latencies:
        command[1:1] = ["--log", f"--log-prefix={folder}/latency"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=folder)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode != 0 or not found:
        raise host.Failure(f"{workload.title}: {done.stderr[-800:]}")
    sample = Sample(float(found.group(1)))
    if workload.latencies:
        sample.p50_us, sample.p99_us = percentiles(folder)
    return sample, int(re.search(r"actually processed: (\d+)", done.stdout).group(1))


def percentiles(folder):
    times = []
    for log in pathlib.Path(folder).glob("latency.*"):
        times += [int(line.split()[2]) for line in log.read_text().splitlines()]
        log.unlink()
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.99)]


def large_result(workload, contender, folder, seconds):
    sql = f"copy (select repeat('x', {LARGE_ROW}) from generate_series(1, {LARGE_ROWS})) to stdout"
    command = [postgres.BIN / "psql", "-X", "-h", contender.address, "-p", str(contender.port), "-U", "postgres", "-c", sql, "bench"]
    megabytes = LARGE_ROWS * LARGE_ROW / 1e6
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return Sample(megabytes / (time.monotonic() - began)), megabytes
