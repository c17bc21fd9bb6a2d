"""200 raters, 20 at a time, and a server that is killed half-way.

Every acknowledged answer is stored exactly once, and assignments and slots are
balanced, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import http.client
import random
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from postgres import postgres
from serving import TOKEN, Server, serving
from tiny_study import make_study

from reports.human_study.design.ratings_table import parse_ratings

RATERS = 200
RATINGS_PER_RATER = 100
AT_A_TIME = 20
PATIENCE_S = 120.0
HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
CHOICE = re.compile(r'name="choice" value="(\w+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Tally:
    """Acknowledged answers: the choice by rater code and position."""

    acknowledged: dict[tuple[str, int], str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    half: threading.Event = field(default_factory=threading.Event)

    def note(self, rater: str, position: int, choice: str) -> None:
        with self.lock:
            self.acknowledged[rater, position] = choice
            if len(self.acknowledged) >= RATERS * RATINGS_PER_RATER // 2:
                self.half.set()


class Rater:
    """A browser without JavaScript. It retries while the server is down."""

    def __init__(self, server: Server, tally: Tally, number: int) -> None:
        self.server = server
        self.tally = tally
        self.chance = random.Random(number)
        self.sends_again = number % 2 == 0
        self.cookie = ""
        self.connection: http.client.HTTPConnection | None = None

    def rate(self) -> None:
        self.code = self.join()
        path = self.get("/rate")[0]
        while path != "/thanks":
            path = self.answer(path)
        assert self.connection is not None
        self.connection.close()

    def join(self) -> str:
        form = {**dict(HIDDEN.findall(self.get("/")[1])), "agree": "yes"}
        while self.insist("POST", "/consent", form)[1] != "/instructions":
            pass
        return self.get("/instructions")[1].partition("<code>")[2][:12]

    def answer(self, path: str) -> str:
        """Answer the face at a path; returns the next path."""
        path, page = self.get(path)
        if not path.startswith("/rate/"):
            return path
        form = dict(HIDDEN.findall(page))
        form["choice"] = self.chance.choice(CHOICE.findall(page))
        position = int(path.rpartition("/")[2])
        try:
            status, onward, _ = self.ask("POST", path, form)
        except OSError:
            if not self.sends_again:
                return "/rate"  # like a person who reloads the page
            status, onward, _ = self.insist("POST", path, form)
        assert status == 303, (status, path)
        self.tally.note(self.code, position, form["choice"])
        if self.chance.random() < 0.05:
            assert self.insist("POST", path, form)[:2] == (303, onward)
        return onward

    def get(self, path: str) -> tuple[str, str]:
        """The page at a path, or the redirect target."""
        status, onward, page = self.insist("GET", path)
        while status == 303:
            path = onward
            status, onward, page = self.insist("GET", path)
        assert status == 200, (status, path)
        return path, page

    def insist(self, method: str, path: str, form: dict[str, str] | None = None):
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self.ask(method, path, form)
                if answer[0] != 429:
                    return answer
            except OSError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.2)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None):
        """One request: status, Location and page; OSError without a response."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.server.port, timeout=PATIENCE_S
            )
        headers = {"Cookie": self.cookie, **(FORM if form else {})}
        try:
            body = urlencode(form) if form else None
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            page = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.connection = None
            raise ConnectionError(method, path) from error
        if cookie := answer.headers.get("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        return answer.status, answer.headers.get("Location", ""), page


@contextmanager
def database_options(kind: str):
    if kind == "sqlite":
        yield ()
    else:
        with postgres() as url:
            yield ("--database", url)


def all_raters(server: Server) -> Tally:
    """All raters answer everything while the server is killed and restarted."""
    tally = Tally()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        raters = [Rater(server, tally, number) for number in range(RATERS)]
        rating = [pool.submit(rater.rate) for rater in raters]
        while not tally.half.wait(timeout=0.5):
            for done in rating:
                if done.done():
                    done.result()
        server.kill()
        server.start()
        for done in rating:
            done.result()
    return tally


def export(server: Server, folder):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/admin/judgements.csv", headers=headers)
    path = folder / "site.csv"
    path.write_bytes(connection.getresponse().read())
    connection.close()
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_acknowledged_answers_are_stored_exactly_once(tmp_path, kind):
    study = make_study(tmp_path / "study", faces=47, catches=3, repeats=3)
    assert len(study.trials) == RATINGS_PER_RATER
    with database_options(kind) as options:
        quick = ("--requests-per-second", "100000")
        with serving(study.folder, *options, *quick) as server:
            tally = all_raters(server)
            rows = parse_ratings(export(server, tmp_path), study)
            assert len(server.processes) == 2

    stored = {(row.participant, row.position): row.chosen or "tie" for row in rows}
    assert len(rows) == len(stored) == RATERS * RATINGS_PER_RATER
    lost = {key for key in tally.acknowledged if key not in stored}
    assert not lost
    changed = {k for k, choice in tally.acknowledged.items() if stored[k] != choice}
    assert not changed
    # Answers stored but not acknowledged before the kill: at most one per rater.
    assert len(stored) - len(tally.acknowledged) <= AT_A_TIME
    assert sum(row.revisions for row in rows) == 0

    assert sorted({row.assignment for row in rows}) == list(range(RATERS))
    slots = Counter(
        (row.trial, picture, slot)
        for row in rows
        for slot, picture in enumerate(row.order)
    )
    assert set(slots.values()) == {RATERS // study.slots}
