"""TCP relays between a gateway and its server: one that passes what the server says in pieces of one byte, one that
keeps what the gateway says."""
import socket
import struct
import threading


class Trickle:
    step = 1

    def __init__(self, address, port):
        self.server = (address, port)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.address, self.port = self.listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.server)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, self.step), daemon=True).start()

    def hear(self, data):
        """What the gateway says, as it comes."""

    def _pass(self, source, target, step):
        try:
            while data := source.recv(65536):
                if step is None:
                    self.hear(data)
                for at in range(0, len(data), step or len(data)):
                    target.sendall(data[at:at + (step or len(data))])
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                end.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Tap(Trickle):
    """For one connection at a time."""
    step = 1 << 20

    def __init__(self, address, port):
        self.heard = b""
        super().__init__(address, port)

    def hear(self, data):
        self.heard += data

    def kinds(self):
        """The kinds of the messages behind the startup packet, of all that has been said since the last call."""
        at = struct.unpack_from("!i", self.heard)[0] if self.heard[:1] == b"\0" else 0
        found = ""
        while at < len(self.heard):
            found += chr(self.heard[at])
            at += 1 + struct.unpack_from("!i", self.heard, at + 1)[0]
        self.heard = b""
        return found
