"""The policy verbs beside OPA: the same command line in the same folder, and what both programs say.

Where OPA is installed ($SIGNALBOX_OPA, or `opa` on the PATH) it is run. Elsewhere its answers are those that were
recorded in opa.json, by `SIGNALBOX_RECORD_OPA=1 pytest tests/e2e/policy_cli`. A command line, its files and its
standard input are the key, so a test that changes finds no old answer.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
from typing import NamedTuple

import pytest

from policy_cli.files import FILES

RECORDED = pathlib.Path(__file__).with_name("opa.json")


class Said(NamedTuple):
    code: int
    out: str
    err: str = ""

    def __eq__(self, other):
        """Messages for people are each program's own."""
        return (self.code, self.out) == (other[0], other[1])

    __hash__ = None


def run(program, words, where, text=None):
    done = subprocess.run([program, *words], cwd=where, input=text, capture_output=True, text=True, timeout=180,
                          env={**os.environ, "NO_COLOR": "1"}, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


class Opa:
    """OPA, or what it said."""

    def __init__(self):
        named = os.environ.get("SIGNALBOX_OPA") or shutil.which("opa")
        self.program = named if named and os.access(named, os.X_OK) else None
        self.recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
        self.heard = {}

    def run(self, words, where, text=None):
        key = self._key(words, where, text)
        if self.program is None:
            assert key in self.recorded, f"no answer of OPA is recorded for: opa {' '.join(words)}"
            return Said(*self.recorded[key])
        said = run(self.program, words, where, text)
        self.heard[key] = list(said)
        return said

    def save(self):
        if self.program and os.environ.get("SIGNALBOX_RECORD_OPA"):
            RECORDED.write_text(json.dumps({**self.recorded, **self.heard}, indent=1, sort_keys=True) + "\n")

    @staticmethod
    def _key(words, where, text):
        digest = hashlib.sha256(repr(text).encode())
        for path in sorted(p for p in where.rglob("*") if p.is_file()):
            digest.update(f"{path.relative_to(where)}\0".encode() + path.read_bytes() + b"\0")
        return " ".join(words) + " #" + digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def opa():
    program = Opa()
    yield program
    program.save()


@pytest.fixture(scope="session")
def signalbox(request):
    return str(request.config.getoption("--binary"))


@pytest.fixture
def write(tmp_path):
    """Writes files into the folder in which both programs run."""
    def put(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path
    return put


@pytest.fixture
def files(write):
    return write(FILES)


@pytest.fixture
def both(signalbox, opa):
    """What signalbox and OPA say to the same words."""
    def ask(words, where, text=None):
        theirs = opa.run(words, where, text)
        return run(signalbox, words, where, text), theirs
    return ask


@pytest.fixture
def ours(signalbox):
    return lambda words, where, text=None: run(signalbox, words, where, text)
