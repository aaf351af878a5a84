"""The real OPA, and a server that answers in OPA's place as a test tells it to.

The program is `opa` of the PATH, or is built once with `go install`; without Go there is none, and tests that need it
are skipped with that reason.
"""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import threading
import urllib.request

import pytest

from rig import host
from support.clients import BUILT, run

VERSION = "v1.20.2"
PACKAGE = "github.com/open-policy-agent/opa"


def installed(found=[]):
    """The path of OPA's program, None where there is neither OPA nor Go."""
    if not found:
        named = os.environ.get("SIGNALBOX_OPA") or shutil.which("opa") or BUILT / "opa"
        if not pathlib.Path(named).exists():
            if not shutil.which("go"):
                return None
            BUILT.mkdir(parents=True, exist_ok=True)
            run("go", "install", f"{PACKAGE}@{VERSION}", env={**os.environ, "GOBIN": str(BUILT)})
        found.append(str(named))
    return found[0]


def program():
    """The path of OPA's program; skips the test where there is none."""
    return installed() or pytest.skip("neither the program opa nor Go, which builds it, is here")


class Opa:
    """`opa run --server` over a folder of policies, which it watches."""

    def __init__(self, folder, policies, *options):
        self.port = host.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in policies.items():
            (self.folder / name).write_text(text)
        self.options = options
        self.process = None

    def start(self):
        command = [program(), "run", "--server", "--addr", f"127.0.0.1:{self.port}", "--log-level", "error",
                   "--disable-telemetry", "--watch", *self.options, self.folder]
        self.process = host.Process(command, self.folder.with_suffix(".log"))
        host.wait_until(self.healthy, 30, "OPA is ready")
        return self

    def healthy(self):
        if not self.process.running():
            raise host.Failure(f"OPA did not start: {self.process.output()[-2000:]}")
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{self.url}/health", timeout=5).status == 200
        return False

    def actions(self, document):
        """data.gateway.actions for this input, as OPA's API gives it."""
        request = urllib.request.Request(f"{self.url}/v1/data/gateway/actions", json.dumps({"input": document}).encode(),
                                         {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=10))["result"]

    def stop(self):
        if self.process:
            self.process.stop()


def answer(body, status=200, *headers):
    """An HTTP response as bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json", f"Content-Length: {len(raw)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + raw


def asks_for(*actions):
    return answer({"result": list(actions)})


class ScriptedOpa:
    """`script(question)` returns the bytes of an answer, or None to close; or it takes the connection itself
    (`script(question, connection)` with `raw=True`). Every question is kept, with the number of its connection."""

    def __init__(self, script, *, raw=False, context=None, path=None):
        self.script, self.raw, self.context = script, raw, context
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
            self.listener.listen(64)
            pathlib.Path(path).chmod(0o777)
            self.url = f"unix:{path}"
        else:
            self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
            self.url = f"{'https' if context else 'http'}://localhost:{self.listener.getsockname()[1]}"
        self.questions, self.heads, self.connections = [], [], 0
        threading.Thread(target=self._accept, daemon=True).start()

    def inputs(self):
        return [question["input"] for _, question in self.questions]

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection, number):
        with contextlib.suppress(OSError), connection:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            buffer = b""
            while True:
                while b"\r\n\r\n" not in buffer:
                    buffer = self._more(connection, buffer)
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                lines = head.decode().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
                while len(buffer) < int(headers["content-length"]):
                    buffer = self._more(connection, buffer)
                body, buffer = buffer[:int(headers["content-length"])], buffer[int(headers["content-length"]):]
                question = json.loads(body)
                self.heads.append((lines[0], headers))
                self.questions.append((number, question))
                if self.raw:
                    if self.script(question, connection) is None:
                        return
                    continue
                reply = self.script(question)
                if reply is None:
                    return
                connection.sendall(reply)

    @staticmethod
    def _more(connection, buffer):
        data = connection.recv(65536)
        if not data:
            raise OSError("closed")
        return buffer + data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
