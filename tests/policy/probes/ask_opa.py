#!/usr/bin/env python3
"""Asks a real OPA what probes answer, and writes it down as behaviour cases: ask_opa.py NAME.probes ...

A probe is one line of NAME.probes. Plain text is an expression, whose value is asked for; a line with RULE
in it is rules, separated by ` ;; `, of which RULE stands for the rule that is asked for (and
RULE2, RULE3 .. for others beside it). `@input` and `@data` give documents as JSON;
`@v0` makes them Rego v0; `@` and anything else is a line of the module that all probes share. `#` begins a comment line.

Answers go to ../cases/probes/NAME.yaml, errors with strict built-in errors among them; what OPA refuses to compile
goes to ../check/wrong/probes_NAME.yaml. Needs $SIGNALBOX_OPA or opa on the PATH.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
GROUP = 25
TARGET = re.compile(r"\bRULE(\d?)\b")
NAMED = re.compile(r"(\w+)(?:\([^)]*\))? := ")


class Opa:
    """A server on a free port; one policy, one base document."""

    def __init__(self, version):
        self.version = version
        self.start()

    def start(self):
        program = os.environ.get("SIGNALBOX_OPA") or shutil.which("opa")
        if not program:
            sys.exit("ask_opa.py: no opa here; name the program in SIGNALBOX_OPA")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % free.getsockname()[1]
        self.process = subprocess.Popen([program, "run", "--server", "--disable-telemetry", "--addr", self.address,
                                         "--log-level", "error"] + (["--v0-compatible"] if self.version == "v0" else []),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                self.ask("GET", "/health")
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("opa does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def ask(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request("http://" + self.address + path, method=method,
                                         data=None if body is None else body.encode(), headers={"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def load(self, module):
        """What is wrong with the module: (row, code, message, column)."""
        try:
            answer = json.loads(self.ask("PUT", "/v1/policies/test-0.rego", module, "text/plain") or "{}")
        except (http.client.RemoteDisconnected, TimeoutError):
            self.stop()
            self.start()
            return [(0, "panic", "OPA crashes", 0)]
        errors = answer.get("errors") or []
        return [(e.get("location", {}).get("row", 0), e["code"], e["message"], e.get("location", {}).get("col", 0))
                for e in errors]

    def document(self, path, text, strict=False):
        """The result as JSON text (as OPA spells its numbers), or None; and the error."""
        query = "?strict-builtin-errors=true" if strict else ""
        try:
            answer = self.ask("POST", "/v1/data/" + path + query, '{"input": %s}' % text if text else "{}")
        except http.client.RemoteDisconnected:
            return None, ("internal_error", "OPA crashes")
        read = json.loads(answer)
        if "errors" in read or "code" in read:
            error = (read.get("errors") or [read])[0]
            return None, (error["code"], error["message"])
        found = re.match(r'\{"result":(.*)\}\s*$', answer, re.S)
        return (found.group(1) if found else None), None


class Probes:
    def __init__(self, path):
        self.name = path.stem
        self.shared, self.lines, self.input, self.data, self.version = [], [], "", "", ""
        for line in path.read_text().splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("@input "):
                self.input = line[7:]
            elif line.startswith("@data "):
                self.data = line[6:]
            elif line == "@v0":
                self.version = "v0"
            elif line.startswith("@"):
                self.shared.append(line[1:])
            else:
                self.lines.append(line)

    def rules(self, number):
        line = self.lines[number]
        text = line if TARGET.search(line) else "RULE := " + line
        return [TARGET.sub(r"p%03d\1" % (number + 1), rule.strip()) for rule in text.split(" ;; ")]

    def needed(self, numbers):
        """The shared lines without the constants and functions that these probes do not name."""
        text, kept = " ".join(self.lines[n] for n in numbers), set()
        for _ in self.shared:
            more = {line for line in self.shared if line not in kept and
                    (not NAMED.match(line) or re.search(r"\b%s\b" % NAMED.match(line).group(1), text))}
            if not more:
                break
            kept |= more
            text += " ".join(more)
        return [line for line in self.shared if line in kept]

    def module(self, numbers):
        """The text, and the number of the probe of each row."""
        shared = self.needed(numbers)
        rows, owner = ["package t"] + shared, [None] * (1 + len(shared))
        for number in numbers:
            for rule in self.rules(number):
                rows.append(rule)
                owner.append(number)
        return "\n".join(rows) + "\n", owner


def settle(opa, probes, numbers, refused):
    """Of `numbers`, those that compile."""
    while numbers:
        module, owner = probes.module(numbers)
        errors = opa.load(module)
        wrong = {owner[row - 1] for row, *_ in errors if 0 < row <= len(owner)} - {None}
        if not errors:
            return numbers
        # Some errors say no row of the probe's own, and one that OPA cannot parse may hide where others end.
        for number in wrong or numbers:
            alone = opa.load(probes.module([number])[0])
            if alone:
                if alone[0][1] != "panic":
                    refused[number] = alone
                else:
                    print("OPA crashes:", probes.lines[number])
                wrong = wrong | {number}
        if not wrong:
            sys.exit("%s: %s" % (probes.name, errors))
        numbers = [n for n in numbers if n not in wrong]
    return numbers


def block(text, indent):
    return "".join(" " * indent + line + "\n" for line in text.splitlines())


def quoted(text):
    return "'" + text.replace("'", "''") + "'" if "\n" not in text else json.dumps(text, ensure_ascii=False)


def case(note, query, module, probes):
    out = "- note: %s\n  query: %s\n  modules:\n  - |\n%s" % (quoted(note), query, block(module, 4))
    if probes.version:
        out += "  rego_version: %s\n" % probes.version
    if probes.data:
        out += "  data: %s\n" % probes.data
    if probes.input:
        out += "  input: %s\n" % probes.input
    return out


def write(opa, probes):
    refused, cases = {}, []
    for start in range(0, len(probes.lines), GROUP):
        numbers = settle(opa, probes, list(range(start, min(start + GROUP, len(probes.lines)))), refused)
        failing = []
        opa.load(probes.module(numbers)[0])
        for number in list(numbers):
            path = "t/p%03d" % (number + 1)
            result, error = opa.document(path, probes.input)
            strict = opa.document(path, probes.input, strict=True)[1]
            if "internal_error" in [e[0] for e in (error, strict) if e]:
                numbers.remove(number)  # what OPA cannot answer with: numbers that JSON has not, crashes
            elif error or strict:
                failing.append((number, error, strict))
        whole = [n for n in numbers if not any(n == f[0] and f[1] for f in failing)]
        if whole:
            module = probes.module(whole)[0]
            opa.load(module)
            want = opa.document("t", probes.input)[0]
            note = "probes/%s %d-%d" % (probes.name, whole[0] + 1, whole[-1] + 1)
            cases.append(case(note, "data.t = x", module, probes) + "  want_result: [{\"x\": %s}]\n" % want)
        for number, error, strict in failing:
            code, message = error or strict
            text = case("probes/%s %d fails" % (probes.name, number + 1), "data.t.p%03d = x" % (number + 1),
                        probes.module([number])[0], probes)
            if not error:
                text += "  strict_error: true\n"
            cases.append(text + "  want_error_code: %s\n  want_error: %s\n" % (code, quoted(code + ": " + message)))
    opa.load("package t\n")
    header = "# What OPA 1.20.2 answers: made by ask_opa.py from tests/policy/probes/%s.probes.\ncases:\n" % probes.name
    (HERE / "../cases/probes").resolve().mkdir(exist_ok=True)
    target = (HERE / "../cases/probes" / (probes.name + ".yaml")).resolve()
    target.write_text(header + "".join(cases))
    wrong = (HERE / "../check/wrong" / ("probes_" + probes.name + ".yaml")).resolve()
    if refused:
        wrong.write_text(header + "".join(refusal(probes, number, refused[number]) for number in sorted(refused)))
    elif wrong.exists():
        wrong.unlink()
    print("%s: %d probes, %d cases, %d refused" % (probes.name, len(probes.lines), len(cases), len(refused)))


def refusal(probes, number, errors):
    out = "- note: %s\n  modules:\n  - |\n%s%s  want_errors:\n" % (
        quoted("probes/%s %d" % (probes.name, number + 1)), block(probes.module([number])[0], 4),
        "  rego_version: v0\n" if probes.version else "")
    for row, code, message, column in errors:
        out += "  - {code: %s, message: %s, row: %d, col: %d}\n" % (code, quoted(message), row, column)
    return out + "  exhaustive: true\n"


def main():
    files = [Probes(pathlib.Path(name)) for name in sys.argv[1:] or sorted(str(p) for p in HERE.glob("*.probes"))]
    for version in ["", "v0"]:
        mine = [probes for probes in files if probes.version == version]
        if mine:
            ask_all(Opa(version), mine)


def ask_all(opa, files):
    try:
        for probes in files:
            if probes.data:
                opa.ask("PUT", "/v1/data", probes.data)
            write(opa, probes)
            if probes.data:
                opa.ask("PUT", "/v1/data", "{}")
    finally:
        opa.stop()


if __name__ == "__main__":
    main()
