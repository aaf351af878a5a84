"""PostgreSQL 15 as Debian ships it, source and programs of one and the same version, for PostgreSQL's own tests.

The installed programs may be newer than the newest source an archive holds, and PostgreSQL's tests fail for that
alone; so both are fetched here. A private apt state lists the machine's own Debian archives again, with sources:
nothing is installed, nobody needs to be root. What is unpacked is kept below build/.
"""
import pathlib
import shutil
import subprocess
import tarfile

from . import host

KEPT = host.ROOT / "build" / "postgresql-source"
WANTED = ("src/test/regress", "src/test/isolation", "src/test/modules/libpq_pipeline")
PROGRAMS = ("postgresql-15", "postgresql-client-15", "postgresql-server-dev-15")


def _archives():
    """The Debian archives this machine installs from, as lines of a sources.list."""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
         "Created-By: Packages"], capture_output=True, text=True, check=True).stdout
    lines = set()
    for target in targets.splitlines():
        origin, uri, release, component = target.split("|")
        if origin == "Debian":
            lines |= {f"{kind} {uri} {release} {component}" for kind in ("deb", "deb-src")}
    if not lines:
        raise host.Failure("apt knows no Debian archive; run apt-get update first")
    return "\n".join(sorted(lines)) + "\n"


def _apt(folder, *arguments, program="apt-get"):
    """apt with its state, cache and sources in `folder`; returns the finished process."""
    options = {"Dir::Etc::SourceList": folder / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
               "Dir::State::Lists": folder / "lists", "Dir::Cache": folder / "cache", "Acquire::Retries": 3,
               "APT::Sandbox::User": "root"}
    flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    return subprocess.run([program, "-qq", *flags, *arguments], cwd=folder, capture_output=True, text=True)


def _fetch(folder):
    """Downloads source and programs of the newest version whose files the archive really has."""
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "cache/archives/partial").mkdir(parents=True)
    (folder / "sources.list").write_text(_archives())
    said = _apt(folder, "update").stderr
    listed = _apt(folder, "showsrc", "--only-source", "postgresql-15", program="apt-cache").stdout
    for version in sorted({line.split()[1] for line in listed.splitlines() if line.startswith("Version:")}, reverse=True):
        done = _apt(folder, "source", "--download-only", f"postgresql-15={version}")
        if done.returncode == 0:
            done = _apt(folder, "download", *(f"{name}={version}" for name in PROGRAMS))
        if done.returncode == 0:
            return
        said = done.stderr
    raise host.Failure(f"the source of PostgreSQL 15 cannot be had: {said.strip()}")


def _unpack(folder, target):
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, target], check=True)
    with tarfile.open(next(folder.glob("postgresql-15_*.orig.tar.*"))) as archive:
        for member in archive:
            path = pathlib.PurePosixPath(member.name)
            member.name = str(path.relative_to(path.parts[0]))
            if member.name.startswith(WANTED):
                archive.extract(member, target)


def postgresql():
    """A folder with src/test of the source, and the programs below usr/; downloads it the first time."""
    if not KEPT.exists():
        print("fetching PostgreSQL 15, source and programs of one version ...", flush=True)
        fresh = KEPT.with_name(KEPT.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        with host.temporary_folder() as folder:
            _fetch(folder)
            _unpack(folder, fresh)
        fresh.rename(KEPT)
    return KEPT
