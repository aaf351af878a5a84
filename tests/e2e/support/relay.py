"""A TCP relay between a gateway and its server that passes what the server says in pieces of one byte."""
import socket
import threading


class Trickle:
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
            threading.Thread(target=self._pass, args=(server, client, 1), daemon=True).start()

    @staticmethod
    def _pass(source, target, step):
        try:
            while data := source.recv(65536):
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
