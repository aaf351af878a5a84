"""What a test of bad input needs to know of a gateway while it is being mistreated: does it live, how large is it."""
import contextlib

from support.pgwire import connect


def alive(gateway):
    """The gateway's process runs and serves a new client."""
    assert gateway.process.running(), gateway.process.output()[-3000:]
    with connect(gateway) as wire:
        assert wire.rows("select 'alive'") == [("alive",)]


@contextlib.contextmanager
def bounded_memory(gateway, mib):
    """The gateway's resident memory grows by no more than that while the block runs, looked at inside and at the end."""
    before = gateway.process.rss_kib()

    def look():
        grown = (gateway.process.rss_kib() - before) / 1024
        assert grown <= mib, f"resident memory grew by {grown:.1f} MiB, at most {mib} allowed"

    yield look
    look()
