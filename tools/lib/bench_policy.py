"""tools/bench policy: the policy engine beside OPA and rego-cpp; writes docs/performance-policy.md."""
import argparse
import os
import pathlib
import subprocess

from benchmarks.policy import engines, page, workloads
from rig import host


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench policy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: shows that everything runs, proves nothing")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one round")
    parser.add_argument("--only", help="words that a workload's name must have, with commas between them")
    parser.add_argument("--engines", default=",".join(engines.ENGINES), help="which, with commas between them")
    parser.add_argument("--program", help="bench_policy, when it is built already")
    parser.add_argument("--output", type=pathlib.Path, help="the page (docs/performance-policy.md; with --quick or --only, none)")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 0.1
    return chosen


def build():
    """The measuring program, in a build folder of its own."""
    folder = host.ROOT / "build" / "bench"
    for step in (["cmake", "--preset", "release", "-B", folder, "-DSIGNALBOX_BENCH=ON"], ["cmake", "--build", folder, "-j", "2", "--target", "bench_policy"]):
        if subprocess.run(step, cwd=host.ROOT, stdout=subprocess.DEVNULL).returncode != 0:
            raise host.Failure(f"{' '.join(map(str, step))} failed (see above)")
    return folder / "tests" / "bench_policy"


def main(arguments):
    chosen = options(arguments)
    program = chosen.program or build()
    names = [name for name in engines.ENGINES if name == "signalbox" or name in chosen.engines.split(",")]
    load, results = [f"{os.getloadavg()[0]:.1f}"], {}
    with host.temporary_folder("signalbox-bench-policy-") as folder:
        for number, workload in enumerate(workloads.listed(chosen.quick)):
            if chosen.only and not any(word in workload.name for word in chosen.only.split(",")):
                continue
            files = workload.write(folder / str(number))
            results[workload.name] = {name: engines.measure(name, program, workload, files, chosen.rounds, chosen.seconds) for name in names}
            shown = "  ".join(f"{name} {page.figure(each['ns'])} µs" for name, each in results[workload.name].items() if each)
            print(f"{workload.name:32} {shown}", flush=True)
    load.append(f"{os.getloadavg()[0]:.1f}")
    output = chosen.output or (None if chosen.quick or chosen.only else host.ROOT / "docs" / "performance-policy.md")
    if output:
        output.write_text(page.text(results, names, "tools/bench policy " + " ".join(arguments), ", ".join(load)))
        print(f"wrote {output}")
    return 0
