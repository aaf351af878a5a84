"""A small HTTP server on loopback that takes webhooks, and turns the first one of each id away."""
import http.server
import json
import threading
import time


class Receiver:
    def __init__(self, port=0):
        self.calls = []  # (time, id, status answered, body)
        self.changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = receiver.take(self.headers.get("webhook-id", ""), body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/salaries"

    def take(self, identity, body):
        with self.changed:
            status = 200 if any(call[1] == identity for call in self.calls) else 503
            self.calls.append((time.monotonic(), identity, status, json.loads(body)))
            self.changed.notify_all()
            return status

    def wait_for(self, calls, seconds):
        """Whether that many calls have come within the time."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.calls) >= calls, seconds)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
