"""docs/performance-policy.md: medians with their spread, and ratios to signalbox."""
import statistics


def figure(ns):
    """Median and half of the distance between the extremes, in microseconds."""
    middle, spread = statistics.median(ns), (max(ns) - min(ns)) / 2
    return f"{middle / 1000:,.3f} ± {spread / 1000:,.3f}"


def table(results, names):
    lines = ["| policy | " + " | ".join(f"{name}, µs" for name in names) + " | " + " | ".join(f"{name} / signalbox" for name in names[1:]) + " | allocations |",
             "|---" * (2 * len(names) + 1) + "|"]
    for workload, measured in results.items():
        own = statistics.median(measured["signalbox"]["ns"])
        cells = [figure(measured[name]["ns"]) if measured.get(name) else "-" for name in names]
        ratios = [f"{statistics.median(measured[name]['ns']) / own:,.1f}" if measured.get(name) else "-" for name in names[1:]]
        lines.append(f"| {workload} | " + " | ".join(cells + ratios) + f" | {measured['signalbox']['allocations']:.2f} |")
    return "\n".join(lines)


def memory(results):
    lines = ["| data | JSON, bytes | in memory, bytes | times |", "|---|---|---|---|"]
    for workload, measured in results.items():
        own = measured["signalbox"]
        if own["data_json_bytes"] > 500_000:
            lines.append(f"| {workload} | {own['data_json_bytes']:,} | {own['data_bytes']:,} | {own['data_bytes'] / own['data_json_bytes']:.2f} |")
    return "\n".join(lines)


def loading(results):
    lines = ["| policy | load, seconds |", "|---|---|"]
    lines += [f"| {workload} | {measured['signalbox']['load_seconds']:.3f} |" for workload, measured in results.items() if "rules" in workload]
    return "\n".join(lines)


def text(results, names, command, load):
    return f"""# Performance of decisions

Made by `{command}`: the same policy, data and input, prepared; medians of the rounds ± half of their range. Load of the machine before and after: {load}.

## A decision

{table(results, names)}

## Memory of base documents

{memory(results)}

## Load time, parsed, checked and planned

{loading(results)}
"""
