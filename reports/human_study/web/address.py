"""The address under which browsers reach a server, in one spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?")
_ROOT = re.compile(r"(/[A-Za-z0-9._~-]+)*")


class AddressError(ValueError):
    """An address cannot be used. The message names the option and what it expects."""


@dataclass(frozen=True)
class Address:
    """Where browsers reach a server.

    Attributes:
        origin: scheme, host and port as browsers send them, such as
            https://rate.example.org; None if only this machine is served.
        root: path prefix behind a reverse proxy, such as /study; "" for none.
    """

    origin: str | None = None
    root: str = ""

    @property
    def url(self) -> str | None:
        """Origin and prefix without a trailing slash; None without an origin."""
        return None if self.origin is None else self.origin + self.root

    @property
    def https(self) -> bool:
        """Whether the origin uses https."""
        return (self.origin or "").startswith("https://")

    @property
    def host(self) -> str | None:
        """The host in the spelling of `canonical_host`; None without an origin."""
        return host_of(urlsplit(self.origin).netloc) if self.origin else None


THIS_MACHINE = Address()
"""No public address: only browsers on this machine are served."""


def parse_address(public_url: str | None, root_path: str | None = None) -> Address:
    """The address of `--public-url` and `--root-path`; AddressError for a wrong one.

    Upper case, spaces around it, default ports, international names and long forms of
    IPv6 addresses do not matter. The path of `public_url` is the prefix, unless
    `root_path` gives it.
    """
    origin, root = (None, "") if public_url is None else _split(public_url)
    if root_path is None:
        return Address(origin, root)
    given = "/" + root_path.strip().strip("/") if root_path.strip(" /") else ""
    if not _is_root(given):
        raise AddressError(
            f"--root-path {root_path}: expected a path of letters, digits, dots, "
            "hyphens and underscores, such as /study"
        )
    if root not in ("", given):
        raise AddressError(
            f"--root-path {root_path} differs from the path of --public-url "
            f"{public_url}; give only one of them"
        )
    return Address(origin, given)


def canonical_host(host: str) -> str:
    """A host name or IP address as browsers write it; ValueError for anything else.

    Names are in lower case and, if they are international, in Punycode. IPv6 addresses
    are in their short form, without brackets.
    """
    name = host.lower().removesuffix(".")
    if ":" in name:
        return str(ip_address(name))
    if not name.isascii():
        name = idna.encode(name, uts46=True).decode()
    if not _HOST.fullmatch(name):
        raise ValueError(f"{host!r} is not a host name")
    return name


def host_of(netloc: str) -> str | None:
    """The canonical host of HOST or HOST:PORT; None if it is invalid."""
    try:
        return canonical_host(urlsplit(f"//{netloc}").hostname or "")
    except ValueError:
        return None


def canonical_origin(scheme: str, netloc: str) -> str | None:
    """Scheme, host and port as browsers send them; None if they are invalid.

    The default port of the scheme is left out.
    """
    try:
        parts = urlsplit(f"{scheme}://{netloc}")
        host, port = canonical_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    name = f"[{host}]" if ":" in host else host
    ending = "" if port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{name}{ending}"


def _split(public_url: str) -> tuple[str, str]:
    """Origin and path prefix of a public address."""
    try:
        parts: SplitResult | None = urlsplit(public_url.strip())
    except ValueError:
        parts = None
    if parts is not None and parts.scheme in DEFAULT_PORTS and "@" not in parts.netloc:
        origin = canonical_origin(parts.scheme, parts.netloc)
        root = parts.path.rstrip("/")
        if origin and _is_root(root) and not parts.query and not parts.fragment:
            return origin, root
    raise AddressError(
        f"--public-url {public_url}: expected http(s)://HOST, with a port or path if "
        "browsers need one, such as https://rate.example.org or "
        "https://example.org/study"
    )


def _is_root(path: str) -> bool:
    dots = {".", ".."} & set(path.split("/"))
    return _ROOT.fullmatch(path) is not None and not dots
