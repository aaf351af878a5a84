"""The REPL: a script gives what OPA's gives; a terminal has history, completion and Ctrl-C."""
import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

SCRIPTS = {
    "definitions": "x = 1\nx = 1\nx = 2\np := 3\np > 2\nq contains 1\nq contains 2\nq\np := 4\np\nshow\n",
    "documents": "a.b := 1\na.c := 2\na\na.b = 1\na.d = 7\na.d\nunset a.b\na\nunset nothing\ndata.nothing\ndata.foo = 1\ntrue\n",
    "packages": "package one\nv := 1\npackage two\nw := data.one.v + 1\nw\nunset-package one\nunset-package none\nshow\n",
    "input": "package repl.input\nuser := \"ann\"\npackage z\ninput\nr if input.user == \"ann\"\nr\nr with input as {}\n",
    "imports": "import data.users as people\npeople.ann\nimport data.users as people\nshow\nimport future.keywords.or\n1 == 2 or 1 == 1\n",
    "policies": "data.app.allow\ndata.app.allow with input as {\"user\": \"ann\"}\nimport data.app\napp.limit + 1\n"
                "package app\nlimit\nover if limit > 2\nover\nlimit := 9\ndata.app.limit\n",
    "tables": "x := 1; y := [x, 2][_]\n1; 2\nsome x in [1, 2]\nnot false\n[1, 2][i]\n",
    "cells": "x := \"abcdefgh\"; y := 1\npretty-limit 5\nx := \"abcdefgh\"; y := 1\npretty-limit\n",
    "json": "json\n1 + 1\nx := 1\nfalse; x == 1\n1 == 2; 3\npretty\n1 + 1\n",
    "partial": "unknown\nunknown input\ninput.x == 1; 1 == 1\nunknown\n1 == 1\nunknown 1\n",
    "lines": "p if {\n  1 < 2\n}\n\np\nq := 1 if {\n  false\n}\nelse := 2\n\nq\nf(x) := y if {\n  y := x + 1\n}\n\nf(2)\n",
    "commands": "strict-builtin-errors\nSHOW debug\nshow nothing\ntrace nothing\ntrace\nnotes\nshow debug\nhelp nothing\n"
                "target rego\nunset\nunset 1\nunset-package\nunset-package 1x\ntarget\n# nothing\n\n",
    "errors": "1 / 0\nstrict-builtin-errors\n1 / 0\nnothing\np := q\np contains x\nx := 1\nx contains 1\nx\n1 +\n\nupper(1)\nlimit(1)\n",
    "prints": "print(\"hi\", 1)\np if { print(\"in p\"); true }\np\n",
}
FILES = {"data.json": '{"users": {"ann": "admin"}}',
         "app.rego": "package app\n\nlimit := 3\n\nallow if data.users[input.user] == \"admin\"\n"}


def comparable(text):
    """Without where errors are and what they count: OPA points into the line, this program shows it."""
    out, in_error = [], False
    for line in text.splitlines():
        error = re.search(r"((rego|eval)_\w+_error: .*)$", line)
        if error:
            out.append(error[1])
        elif not re.match(r"\d+ errors? occurred", line) and not (in_error and re.match(r"\s", line)):
            out.append(line)
        in_error = bool(error) or (in_error and re.match(r"\s", line))
    return out


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(ours, opa, write, name):
    where = write(FILES)
    theirs = opa.run(["run", "data.json", "app.rego"], where, SCRIPTS[name])
    said = ours(["repl", "data.json", "app.rego"], where, SCRIPTS[name])
    banner, _, rest = theirs.out.partition("check for updates.\n\n")
    assert banner.startswith("OPA") and said.code == theirs.code == 0
    assert comparable(said.out) == comparable(rest)
    assert said.err == theirs.err


def test_dump(ours, write):
    """OPA's has a document of its own besides, data.system."""
    where = write(FILES)
    said = ours(["repl", *FILES], where, "dump\ndump all.json\n")
    assert said.out == '{"users":{"ann":"admin"}}\n' == (where / "all.json").read_text()


def test_what_goes_beyond_opa(ours, write):
    """Input may be given; a script that ends within a rule has written it."""
    script = 'input := {"user": "ann"}\ndata.app.allow\nunset input\ndata.app.allow\np if {\n  true\n}'
    said = ours(["repl", "-f", "json", *FILES], write(FILES), script)
    assert said.code == 0 and said.out.count('"value": true') == 1 and said.out.count("{}") == 1


def test_policies_that_do_not_load(ours, write):
    said = ours(["repl", "app.rego"], write({"app.rego": "package app\n\np if q\n"}), "1\n")
    assert said.code == 1 and "app.rego:3:6: rego_unsafe_var_error" in said.err and said.out == ""


def own_terminal(slave):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


class Terminal:
    """A REPL at a terminal."""

    def __init__(self, program, where):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([program, "repl", "-H", "history", *FILES], cwd=where, stdin=slave, stdout=slave,
                                        stderr=slave, env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
                                        preexec_fn=lambda: own_terminal(slave))
        os.close(slave)
        self.read_until("> ")

    def read_until(self, text):
        seen, end = "", time.monotonic() + 60
        while text not in seen:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"waiting for {text!r}, saw {seen!r}"
            seen += os.read(self.master, 4096).decode(errors="replace")
        return seen

    def type(self, text):
        """What a person types once the prompt waits: the editor shows it before it takes the terminal over, and
        a Ctrl-D between the two would be the terminal's own end of file."""
        end = time.monotonic() + 30
        while termios.tcgetattr(self.master)[3] & termios.ICANON and time.monotonic() < end:
            time.sleep(0.005)
        os.write(self.master, text.encode())

    def leave(self):
        self.type("exit\n")
        assert self.process.wait(30) == 0
        os.close(self.master)


@pytest.fixture
def terminal(signalbox, write):
    where = write(FILES)
    started = []

    def start():
        started.append(Terminal(signalbox, where))
        return started[-1]
    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_history_and_completion(terminal):
    one = terminal()
    one.type("answer := 41 + 1\n")
    one.read_until("Rule 'answer' defined")
    one.type("answ\t\n")
    one.read_until("42")
    one.type("data.app.li\t\n")
    one.read_until("3")
    one.leave()
    two = terminal()
    two.type("\x1b[A\x1b[A\x1b[A\x1b[A\n")  # exit, data.app.limit, answer, answer := ..
    two.read_until("Rule 'answer' defined")
    two.leave()


def test_ctrl_c_drops_the_line_and_ctrl_d_leaves(terminal):
    one = terminal()
    one.type("p if {\n")
    one.read_until("| ")
    one.type("1 + 1000")
    one.read_until("1000")
    one.type("\x03")
    one.read_until("> ")
    one.type("2 + 3\n")
    one.read_until("5\r\n> ")
    one.type("\x04")
    assert one.process.wait(30) == 0
