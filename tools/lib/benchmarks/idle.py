"""Memory of idle sessions. Ten thousand PostgreSQL processes do not fit a small machine, so the server here is a
stand-in that logs everybody in and then keeps quiet; a proxy cannot tell, and only the proxy is measured."""
import multiprocessing
import resource
import selectors
import socket
import struct
import time

from rig import host

from . import contenders

STARTUP = b"\0\3\0\0" + b"user\0postgres\0database\0postgres\0\0"
STARTUP = struct.pack("!i", len(STARTUP) + 4) + STARTUP


def parameter(name, value):
    body = name + b"\0" + value + b"\0"
    return b"S" + struct.pack("!i", len(body) + 4) + body


LOGIN = (b"R\0\0\0\x08\0\0\0\0" + parameter(b"server_version", b"15.0") + parameter(b"client_encoding", b"UTF8") +
         b"K\0\0\0\x0c\0\0\0\1\0\0\0\2" + b"Z\0\0\0\5I")


def raise_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def serve(listener):
    """Accepts, answers the startup packet, reads and forgets what follows."""
    raise_limit()
    wait = selectors.DefaultSelector()
    wait.register(listener, selectors.EVENT_READ, "listener")
    while True:
        for key, _ in wait.select():
            if key.data == "listener":
                connection, _ = listener.accept()
                wait.register(connection, selectors.EVENT_READ, "new")
                continue
            try:
                data = key.fileobj.recv(8192)
                if data and key.data == "new":
                    key.fileobj.sendall(LOGIN)
                    wait.modify(key.fileobj, selectors.EVENT_READ, "known")
            except OSError:
                data = b""
            if not data:
                wait.unregister(key.fileobj)
                key.fileobj.close()


class StandIn:
    """The quiet server, in a process of its own."""

    def __init__(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.address, self.port = listener.getsockname()
        self.process = multiprocessing.Process(target=serve, args=(listener,), daemon=True)
        self.process.start()
        listener.close()

    def stop(self):
        self.process.terminate()
        self.process.join()


def login(address):
    connection = socket.create_connection(address, timeout=30)
    connection.sendall(STARTUP)
    found = b""
    while not found.endswith(b"Z\0\0\0\5I"):
        data = connection.recv(4096)
        if not data:
            raise host.Failure(f"the proxy closed during login: {found!r}")
        found += data
    return connection


def sessions(name, folder, program, counts):
    """{count: bytes of resident memory of one idle session} of a contender."""
    raise_limit()
    server = StandIn()
    contender = contenders.make(name, folder, server, program)
    held, found = [], {}
    try:
        contender.start()
        held.append(login((contender.address, contender.port)))
        time.sleep(0.5)
        empty = contender.process.rss_kib()
        for count in counts:
            held += [login((contender.address, contender.port)) for _ in range(count + 1 - len(held))]
            time.sleep(1)
            found[count] = (contender.process.rss_kib() - empty) * 1024 / count, contender.process.rss_kib() / 1024
    finally:
        for connection in held:
            connection.close()
        contender.stop()
        server.stop()
    return found
