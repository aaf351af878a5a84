"""One psql process that stays open, so that a policy's change is seen by a session that was there before."""
import os
import queue
import subprocess
import threading

from rig import host, postgres


class PsqlSession:
    """Sends statements to a psql of its own and returns what psql printed, errors in their place."""

    def __init__(self, environment):
        self.child = subprocess.Popen(
            [str(postgres.BIN / "psql"), "-X", "-q", "--no-readline", "-v", "PROMPT1=", "-v", "PROMPT2=",
             "-v", "HISTFILE=/dev/null", "-P", "pager=off"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
            env={**os.environ, **environment}, start_new_session=True)
        self.lines = queue.Queue()
        self.number = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def run(self, statement, seconds=30):
        """The lines psql prints for it."""
        self.number += 1
        mark = f"-- end of statement {self.number} --"
        try:
            self.child.stdin.write(f"{statement}\n\\echo '{mark}'\n")
        except BrokenPipeError:
            raise host.Failure("psql ended") from None
        found = []
        while True:
            try:
                line = self.lines.get(timeout=seconds)
            except queue.Empty:
                raise host.Failure(f"no answer within {seconds} s to: {statement}") from None
            if line is None:
                raise host.Failure("psql ended: " + " ".join(found[-3:]))
            if line == mark:
                return found
            found.append(line)

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)
