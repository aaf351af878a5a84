"""Building the product with its CMake presets."""
import os
import subprocess
import sys

from . import host


def folder(preset):
    return host.ROOT / "build" / preset


def binary(preset):
    return folder(preset) / "src" / "app" / "signalbox"


def build(preset, targets=(), quiet=False):
    """Configures and builds; returns the program's path. Raises Failure with the compiler's own words.

    `quiet`: one line before and nothing else, unless it fails.
    """
    steps = [["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "-j", str(os.cpu_count())]]
    if targets:
        steps[1] += ["--target", *targets]
    if quiet:
        print(f"building ({preset}); the first time takes some minutes ...", file=sys.stderr, flush=True)
    shared = os.environ | {"CCACHE_BASEDIR": str(host.ROOT), "CCACHE_NOHASHDIR": "1"}  # what one build compiled serves the next
    for step in steps:
        done = subprocess.run(step, cwd=host.ROOT, stdout=subprocess.PIPE if quiet else None, text=True, env=shared)
        if done.returncode != 0:
            raise host.Failure(f"{done.stdout or ''}\n{' '.join(step)} failed (see above)")
    return binary(preset)
