"""Rate limits per client: token buckets in the memory of one server process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.requests import Request

from benchmark.storage.digests import bytes_digest

CLIENTS = 10_000
"""Largest number of stored clients, to limit memory."""


@dataclass(frozen=True)
class Rate:
    """`per_second` requests on average, and at most `burst` at once."""

    per_second: float
    burst: int


class Limit:
    """One token bucket per client. Thread-safe."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Take one token. Returns 0.0, or the seconds to wait if there is none."""
        with self._lock:
            now = self._clock()
            tokens, since = self._buckets.pop(client, (float(self.rate.burst), now))
            tokens = min(
                float(self.rate.burst), tokens + (now - since) * self.rate.per_second
            )
            allowed = tokens >= 1
            self._buckets[client] = (tokens - allowed, now)
            if len(self._buckets) > CLIENTS:
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1 - tokens) / self.rate.per_second

    def check(self, client: str) -> None:
        """Take one token; HTTPException 429 with Retry-After if there is none."""
        seconds = self.wait(client)
        if seconds > 0:
            raise HTTPException(429, headers={"Retry-After": str(math.ceil(seconds))})


def client_of(request: Request) -> str:
    """A hash of the client's address. Addresses are never stored."""
    host = request.client.host if request.client else ""
    return bytes_digest(host.encode())[:16]
