"""Building the product with its CMake presets."""
import subprocess

from . import host


def folder(preset):
    return host.ROOT / "build" / preset


def binary(preset):
    return folder(preset) / "src" / "app" / "signalbox"


def build(preset, targets=(), quiet=False):
    """Configures and builds; returns the program's path. Raises Failure with the compiler's own words."""
    out = subprocess.DEVNULL if quiet else None
    steps = [["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "-j", "2"]]
    if targets:
        steps[1] += ["--target", *targets]
    for step in steps:
        if subprocess.run(step, cwd=host.ROOT, stdout=out).returncode != 0:
            raise host.Failure(f"{' '.join(step)} failed (see above)")
    return binary(preset)
