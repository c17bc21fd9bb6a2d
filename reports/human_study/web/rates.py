"""How often one client may ask: token buckets, in memory, for one server process."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.requests import Request

CLIENTS = 10_000
"""Clients that are remembered; a flood of addresses cannot fill the memory."""


@dataclass(frozen=True)
class Rate:
    """`per_second` requests in the long run, `burst` of them at once."""

    per_second: float
    burst: int


class Limit:
    """Token buckets of one rate, one for each client; threads may share it."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Take one token; seconds to wait where there is none, 0.0 where there was."""
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
        """Take one token; raises HTTPException 429 with Retry-After without one."""
        seconds = self.wait(client)
        if seconds > 0:
            raise HTTPException(429, headers={"Retry-After": str(math.ceil(seconds))})


def client_of(request: Request) -> str:
    """Which client asks: a hash of its address, for addresses are never kept."""
    host = request.client.host if request.client else ""
    return hashlib.sha256(host.encode()).hexdigest()[:16]
