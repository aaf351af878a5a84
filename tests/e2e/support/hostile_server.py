"""A server that answers as a test tells it to: what a gateway must survive from the other side."""
import socket
import threading

from support import pgwire


def error(**fields):
    return pgwire.message(b"E", b"".join(code.encode() + pgwire.cstring(text) for code, text in fields.items()) + b"\0")


WELCOME = (pgwire.message(b"R", b"\0\0\0\0") + pgwire.message(b"S", b"server_version\x0015.0\0") +
           pgwire.message(b"K", b"\0\0\0\1\0\0\0\2") + pgwire.message(b"Z", b"I"))


class HostileServer:
    """`talk(connection, first)` runs in a thread for each connection, with the first packet already read."""

    def __init__(self, talk):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address, self.port = self.listener.getsockname()
        self.talk = talk
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            connection.settimeout(20)
            try:
                self.talk(connection, connection.recv(10_000))
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def after_login(data):
    """A talk that logs the client in and answers its first message with `data`, then closes."""
    def talk(connection, first):
        if first == pgwire.SSL_REQUEST:
            connection.sendall(b"N")
            connection.recv(10_000)
        connection.sendall(WELCOME)
        connection.recv(10_000)
        connection.sendall(data)
        while connection.recv(10_000):
            pass
    return talk
