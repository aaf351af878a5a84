"""docs/performance.md: the figures as tables, with the machine, the versions and the commands they come from."""
import datetime
import os
import platform
import re
import statistics
import subprocess

from rig import host

from . import contenders, loading

PEERS = ("PgBouncer", "HAProxy", "direct")
OURS = ("gateway", "gateway + 100 rules")


QUARTILES_FROM = 8  # values; fewer are given with their extremes


def spread(values, digits=2):
    """'median (lower - upper)': the quartiles, or the extremes of a few values."""
    least, greatest = min(values), max(values)
    if len(values) >= QUARTILES_FROM:
        least, _, greatest = statistics.quantiles(values, n=4, method="inclusive")
    return f"{statistics.median(values):.{digits}f} ({least:.{digits}f} - {greatest:.{digits}f})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout or done.stderr).splitlines()[0].strip()


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = int(re.search(r"MemTotal: +(\d+)", open("/proc/meminfo").read()).group(1)) / (1 << 20)
    revision = first_line("git", "-C", str(host.ROOT), "rev-parse", "--short", "HEAD")
    return [f"- {cpu}, {os.cpu_count()} processors, {memory:.0f} GiB; Linux {platform.release()}; load average at the start and "
            f"at the end: LOAD",
            f"- signalbox {revision}, release build; {first_line('/usr/lib/postgresql/15/bin/postgres', '--version')}; "
            f"{first_line('/usr/sbin/pgbouncer', '--version')}; {first_line('/usr/sbin/haproxy', '-v')}"]


def ratios(rounds, workload, ours, peer):
    """Of each round by itself: what disturbed one round disturbed both."""
    return [one[workload, ours].rate / one[workload, peer].rate for one in rounds
            if (workload, ours) in one and (workload, peer) in one]


def throughput(rounds, workloads, names):
    rows = []
    for workload in workloads:
        rates = [spread([one[workload, name].rate for one in rounds], 0) for name in names]
        rows.append([workload.title, workload.unit, *rates])
    return table(["workload", "unit", *names], rows)


def ratio_table(rounds, workloads, names):
    pairs = [(ours, peer) for ours in OURS if ours in names for peer in PEERS if peer in names]
    rows = [[workload.title, *(spread(ratios(rounds, workload, *pair)) for pair in pairs)] for workload in workloads]
    return table(["workload", *(f"{ours} / {peer}" for ours, peer in pairs)], rows)


def cpu(rounds, workloads, names):
    proxies = [name for name in names if name != "direct"]
    rows = [[workload.title, *(spread([one[workload, name].cpu_us for one in rounds], 1) for name in proxies)]
            for workload in workloads]
    return table(["us of proxy CPU", *proxies], rows)


def latency(rounds, workloads, names):
    """What a proxy adds to the median and to the 99th percentile of the same round without it."""
    rows = []
    for workload in workloads:
        for what in ("p50_us", "p99_us"):
            added = [spread([getattr(one[workload, name], what) - getattr(one[workload, "direct"], what) for one in rounds], 0)
                     for name in names if name != "direct"]
            rows.append([f"{workload.name}, {what[:3]}", spread([getattr(one[workload, "direct"], what) for one in rounds], 0), *added])
    return table(["us", "direct, whole", *(f"{name}, added" for name in names if name != "direct")], rows)


def write(path, results, command):
    rounds, workloads, names = results["rounds"], results["workloads"], results["names"]
    plain = [workload for workload in workloads if not workload.latencies]
    timed = [workload for workload in workloads if workload.latencies]
    load = " and ".join(results["load"])
    brackets = "the quartiles" if len(rounds) >= QUARTILES_FROM else "the least and the greatest"
    sections = [
        "# Performance", "",
        f"Written by `{command}` on {datetime.date.today().isoformat()}; do not edit. All contenders stand before one PostgreSQL on one",
        f"machine and take turns in every one of {len(rounds)} rounds of {results['seconds']} s runs; a cell is the median of the rounds, with",
        f"{brackets} in brackets. Read the ratios: they are formed within a round, so that what else the machine did falls out.",
        "What a decision costs by itself: [performance-policy.md](performance-policy.md).", "",
        *(line.replace("LOAD", load) for line in machine()),
        "- PgBouncer in session pooling, HAProxy in TCP mode, their defaults otherwise; the 100 rules read kind, tables, functions and WHERE",
        "  of every statement, and none applies",
        "- in the connection storm PgBouncer answers from connections that it keeps to the server; the gateway, like HAProxy, opens one",
        "  for each client", "",
        "## Throughput", "", throughput(rounds, plain, names), "",
        "## Ratios", "", "Above 1 the gateway is faster.", "", ratio_table(rounds, plain, names), "",
        "## CPU", "", "For one transaction, connection or megabyte.", "", cpu(rounds, plain, names), "",
        "## Added latency", "", "One client, from pgbench's log of every transaction.", "", latency(rounds, timed, names), "",
        "## Idle sessions", "", "Resident memory, without the kernel's socket buffers.", "",
        table(["", *(f"{count:,} sessions: KiB each" for count in results["counts"]), *(f"{count:,}: MiB in all" for count in results["counts"])],
              [[name, *(f"{found[count][0] / 1024:.1f}" for count in results["counts"]), *(f"{found[count][1]:.0f}" for count in results["counts"])]
               for name, found in results["idle"].items()]), "",
        "## Start to serving", "", table(["ms", *results["start"]], [["exec to first accept", *(spread(times, 0) for times in results["start"].values())]]), "",
        f"## Loading {loading.RULES:,} rules", "", "`signalbox check`, the whole process.", "",
        table(["rules", "s"], [[what, spread(times)] for what, times in results["loading"].items()]),
    ]
    path.write_text("\n".join(sections) + "\n")


def order(names):
    return [name for name in contenders.NAMES if name in names]
