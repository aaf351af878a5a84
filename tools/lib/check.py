"""tools/check: what a machine can say of how the code is written (docs/architecture.md, conventions).

One function a check; each yields findings "file:line: what". The exit code is 1 when there is any. clang-tidy, the
only slow one, runs over the files changed since --base, or over all with --tidy all.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import concurrent.futures

from rig import build, host, report

# Which rooms a room may include: those on lines above its own, and policy stands beside sql.
ROOMS = ["base", "sql", "policy", "actions", "proxy", "admin", "app"]
FORBIDDEN = {"policy": {"sql"}, "actions": {"sql"}}
# A third-party header is included by as few files as possible: where each may appear.
CONFINED = {
    r"boost/(asio|beast)": ("src/proxy/net/http_client.cpp",),
    r"pg_query\.h|protobuf/pg_query": ("src/sql/",),
    r"sqlite3\.h": ("src/actions/", "src/app/cli/version.cpp"),
    r"httplib\.h": ("src/admin/", "src/actions/", "src/app/", "src/policy/builtins/http/"),
    r"yaml-cpp/": ("src/policy/", "src/app/"),
    r"yaml\.h$": ("src/policy/data/yaml_events.h",),
    r"re2/": ("src/policy/", "src/proxy/", "src/actions/"),
    r"CLI/": ("src/app/",),
}
FILE_LINES, FUNCTION_LINES = 500, 60
MARK = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
TABLE = "a table"  # a file that says so near its top may be longer


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=host.ROOT, capture_output=True, text=True, check=True)
    return [host.ROOT / name for name in listed.stdout.split("\0") if name and (host.ROOT / name).is_file()]


def name_of(path):
    return path.relative_to(host.ROOT).as_posix()


def sources():
    return tracked("src/*.cpp", "src/*.h", "tests/*.cpp", "tests/*.h")


def formatting():
    """clang-format has nothing to change."""
    files = [str(path) for path in sources()]
    if not files:
        return
    done = subprocess.run(["clang-format-19", "--dry-run", "--ferror-limit=1", *files], capture_output=True, text=True)
    seen = set()
    for line in done.stderr.splitlines():
        found = re.match(r"(\S+):(\d+):\d+: (?:warning|error): code should be clang-formatted", line)
        if found and found.group(1) not in seen:
            seen.add(found.group(1))
            yield f"{os.path.relpath(found.group(1), host.ROOT)}:{found.group(2)}: not as clang-format would have it"


def layers():
    """An include may only go down."""
    for path in tracked("src/*.cpp", "src/*.h"):
        room = path.relative_to(host.ROOT).parts[1]
        allowed = set(ROOMS[:ROOMS.index(room) + 1]) - FORBIDDEN.get(room, set()) if room in ROOMS else set()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'#include "(\w+)/', line)
            if found and found.group(1) in ROOMS and found.group(1) not in allowed:
                yield f"{name_of(path)}:{number}: {room} may not include {found.group(1)}"


def confined_headers():
    """Third-party headers stay in the rooms that own them."""
    for path in tracked("src/*.cpp", "src/*.h"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r"#include [<\"]([^>\"]+)", line)
            for pattern, rooms in CONFINED.items() if found else ():
                if re.match(pattern, found.group(1)) and not name_of(path).startswith(rooms):
                    yield f"{name_of(path)}:{number}: {found.group(1)} belongs in {' or '.join(rooms)}"


ROW = re.compile(r"\s*([\"{}.]|case |default:|[A-Z_]+\()")
NOT_A_BODY = re.compile(r"\s*(namespace|if|for|while|switch|else|do|case|#|//|struct|class|enum)\b")


def functions(lines):
    """(first line, length) of every function body, seen by braces at its own indent. One that is mostly rows of a
    table (initialisers, cases, macro calls) is left out."""
    opened = None
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip())
        if opened is None and line.endswith("{") and "(" in line and not NOT_A_BODY.match(line):
            # A constructor's body may open on the line of its initialisers, which is indented by four.
            opened = number, indent - 4 if line.lstrip().startswith(":") else indent
        elif opened and line.startswith(" " * opened[1] + "}"):
            body = lines[opened[0]:number - 1]
            if sum(bool(ROW.match(row)) for row in body) < len(body) * 0.6:
                yield opened[0], number - opened[0] + 1
            opened = None


def sizes():
    """Files up to 500 lines and functions up to 60, unless a table."""
    for path in tracked("src/*.cpp", "src/*.h", "tests/*.cpp", "tests/*.py", "tools/*.py"):
        lines = path.read_text().splitlines()
        is_table = any(TABLE in line.lower() for line in lines[:12])
        if len(lines) > FILE_LINES and not is_table:
            yield f"{name_of(path)}:1: {len(lines)} lines, at most {FILE_LINES}"
        if path.suffix == ".cpp" and name_of(path).startswith("src/") and not is_table:
            for at, length in functions(lines):
                if length > FUNCTION_LINES:
                    yield f"{name_of(path)}:{at}: a function of {length} lines, at most {FUNCTION_LINES}"


def words():
    """No marks of unfinished work, and nothing of the machine it was written on."""
    for path in tracked("src", "tests", "tools", "docs", "rules", "README.md", "cmake", "CMakeLists.txt"):
        if path.suffix in {".gz", ".png", ".bin"} or "corpus" in path.parts:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if MARK.search(line):
                yield f"{name_of(path)}:{number}: a mark of unfinished work"


def opens_with_a_comment():
    """A .cpp says first what it does."""
    for path in tracked("src/*.cpp"):
        if not path.read_text().startswith("//"):
            yield f"{name_of(path)}:1: does not open with what it does"


def links():
    """Every relative link of a page leads somewhere."""
    for path in tracked("*.md"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for target in re.findall(r"\]\(([^)#\s]+)", line):
                if "://" not in target and not (path.parent / target).exists():
                    yield f"{name_of(path)}:{number}: no such file: {target}"


def tidy(files):
    """clang-tidy's findings in the given files."""
    database = build.folder("dev")
    if not (database / "compile_commands.json").exists():
        subprocess.run(["cmake", "--preset", "dev"], cwd=host.ROOT, stdout=subprocess.DEVNULL, check=True)

    def one(path):
        done = subprocess.run(["clang-tidy-19", "-p", database, "--quiet", path], capture_output=True, text=True, cwd=host.ROOT)
        return [line for line in done.stdout.splitlines() if re.search(r": (warning|error): ", line)]

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(one, files):
            yield from (os.path.relpath(line, host.ROOT) if line.startswith("/") else line for line in found)


def changed(base):
    listed = subprocess.run(["git", "diff", "--name-only", "--diff-filter=d", base, "--", "src/*.cpp"], cwd=host.ROOT,
                            capture_output=True, text=True, check=True).stdout
    return [pathlib.Path(host.ROOT / name) for name in listed.split()]


CHECKS = [formatting, layers, confined_headers, sizes, words, opens_with_a_comment, links]


def main(arguments):
    parser = argparse.ArgumentParser(prog="tools/check", description=__doc__)
    parser.add_argument("--tidy", choices=["none", "changed", "all"], default="none", help="clang-tidy over which files")
    parser.add_argument("--base", default="HEAD~1", help="what 'changed' is counted from")
    parser.add_argument("--only", help=f"of: {', '.join(check.__name__ for check in CHECKS)}")
    chosen = parser.parse_args(arguments)
    checks = [check for check in CHECKS if not chosen.only or check.__name__ in chosen.only.split(",")]
    if chosen.tidy != "none":
        files = changed(chosen.base) if chosen.tidy == "changed" else tracked("src/*.cpp")
        checks.append(lambda: tidy(files))
        checks[-1].__name__, checks[-1].__doc__ = "tidy", f"clang-tidy has nothing to say of {len(files)} files."
    bad = 0
    for check in checks:
        findings = list(check())
        bad += len(findings)
        mark = report.coloured("ok", "green") if not findings else report.coloured(f"{len(findings)} findings", "red")
        print(f"{check.__name__:22} {mark:12} {check.__doc__.splitlines()[0]}")
        for finding in findings:
            print(f"  {finding}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
