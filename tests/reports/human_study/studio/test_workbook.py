"""Drafts in the workbook: changes, undo, redo, copies, finishing, durability."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_studio import SPEC

from benchmark.avatars import AvatarError
from benchmark.avatars.spec import AvatarSpec, Continuous
from reports.human_study.studio.drafts import Done, Stale, StudioError, words
from reports.human_study.studio.workbook import (
    FILE,
    Workbook,
    create_workbook,
    open_workbook,
)


@pytest.fixture
def book(tmp_path):
    book = create_workbook(tmp_path, "flat", SPEC)
    book.enter("anna")
    book.enter("ben")
    return book


def value(draft, name):
    return draft.vector.to_records()[0][name]


def change(book, draft, **values):
    return book.change("anna", draft.face, values, draft.revision)


def finish(book, draft):
    return book.finish("anna", draft.face, "digest", "1", draft.revision)


def test_a_face_starts_from_the_default_avatar_on_a_sliders_step(book):
    draft = book.draft("anna", "ann")
    assert value(draft, "head_width") == 0.33
    assert (draft.revision, draft.undo, draft.redo) == (0, None, None)
    assert book.drafts("anna") == {}


def test_undo_and_redo(book):
    draft = change(book, book.draft("anna", "ann"), skin="dark")
    draft = change(book, draft, head_width="0.704", hairType="bobCut")
    assert value(draft, "head_width") == 0.7
    assert (draft.undo, draft.redo) == ("2 changes", None)
    draft = book.undo("anna", "ann", draft.revision)
    assert (draft.undo, draft.redo) == ("skin", "2 changes")
    assert value(draft, "hairType") == "bald"
    draft = book.redo("anna", "ann", draft.revision)
    assert value(draft, "hairType") == "bobCut"
    assert book.redo("anna", "ann", draft.revision) == draft
    draft = book.undo("anna", "ann", draft.revision)
    draft = change(book, draft, beard="full")
    assert (draft.undo, draft.redo) == ("beard", None)


def test_an_inactive_parameter_keeps_its_value(book):
    draft = change(book, book.draft("anna", "ann"), beard="full", beard_colour="red")
    draft = change(book, draft, beard="none")
    draft = change(book, draft, beard="full")
    assert value(draft, "beard_colour") == "red"


def test_a_repeated_request_changes_nothing(book):
    draft = book.draft("anna", "ann")
    once = change(book, draft, skin="dark")
    assert change(book, draft, skin="dark") == once
    assert once.revision == 1


def test_a_change_of_an_older_revision_is_rejected(book):
    old = book.draft("anna", "ann")
    now = change(book, old, skin="dark")
    with pytest.raises(Stale) as caught:
        change(book, old, hairType="bobCut")
    assert caught.value.draft == now
    for step in (book.undo, book.redo):
        with pytest.raises(Stale):
            step("anna", "ann", old.revision)
    with pytest.raises(Stale):
        finish(book, old)


@pytest.mark.parametrize(
    "values",
    [{"skin": "blue"}, {"skn": "dark"}, {"head_width": "2"}, {"head_width": "nan"}],
)
def test_invalid_values_are_rejected_and_change_nothing(book, values):
    with pytest.raises(AvatarError, match=next(iter(values))):
        book.change("anna", "ann", values, 0)
    assert book.drafts("anna") == {}


def test_a_finished_draft_is_changed_only_after_it_is_reopened(book):
    draft = finish(book, change(book, book.draft("anna", "ann"), skin="dark"))
    assert draft.finish is not None
    assert draft.finish.picture == "digest"
    draft = finish(book, draft)
    assert draft.finish is not None
    for act in (
        lambda: change(book, draft, skin="light"),
        lambda: book.undo("anna", "ann", draft.revision),
        lambda: book.flag("anna", "ann", {"skin": True}),
    ):
        with pytest.raises(Done, match="reopen it"):
            act()
    assert book.draft("anna", "ann") == draft
    reopened = book.reopen("anna", "ann", draft.revision)
    assert reopened.finish is None
    assert reopened.vector == draft.vector
    assert book.undo("anna", "ann", reopened.revision).undo is None


def test_flags_are_kept_beside_the_avatar(book):
    book.flag("anna", "ann", {"skin": True, "beard": True})
    book.flag("anna", "ann", {"beard": False})
    draft = change(book, book.draft("anna", "ann"), skin="dark")
    assert draft.flags == {"skin"}
    assert finish(book, draft).flags == {"skin"}
    assert book.draft("ben", "ann").flags == frozenset()
    with pytest.raises(AvatarError, match="skn"):
        book.flag("anna", "ann", {"skn": True})


def test_a_workbook_of_an_earlier_version_has_no_flags_yet(book):
    change(book, book.draft("anna", "ann"), skin="dark")
    with closing(sqlite3.connect(book.path)) as database:
        database.execute("drop table flags")
        database.commit()
    again = Workbook(book.path)
    assert again.draft("anna", "ann").flags == frozenset()
    assert again.flag("anna", "ann", {"skin": True}).flags == {"skin"}


def test_the_default_avatar_may_be_the_right_one(book):
    assert finish(book, book.draft("anna", "ann")).finish is not None
    assert list(book.drafts("anna")) == ["ann"]


def test_only_own_finished_work_is_copied(book):
    draft = change(book, book.draft("anna", "ann"), skin="dark")
    with pytest.raises(StudioError, match="ann is not done"):
        book.copy("anna", "bob", "ann", 0)
    finish(book, draft)
    copied = book.copy("anna", "bob", "ann", 0)
    assert copied.vector == draft.vector
    assert copied.undo == "copy of ann"
    assert book.copy("anna", "bob", "ann", 0) == copied
    with pytest.raises(StudioError, match="ann is not done"):
        book.copy("ben", "bob", "ann", 0)


def test_designers_do_not_see_each_other(book):
    change(book, book.draft("anna", "ann"), skin="dark")
    assert book.drafts("ben") == {}
    assert book.draft("ben", "ann").revision == 0


@pytest.mark.parametrize("name", ["", "Anna", "a b", "../x", "a--b", "x" * 61, "ä"])
def test_invalid_names_are_rejected(book, name):
    with pytest.raises(StudioError, match="lower-case letters"):
        book.enter(name)


def test_names_are_unique(book):
    with pytest.raises(StudioError, match="the name anna is taken"):
        book.enter("anna")
    tokens = {designer.token for designer in book.designers()}
    assert len(tokens) == 2


def test_work_is_stored(book, tmp_path):
    draft = change(book, book.draft("anna", "ann"), skin="dark")
    again = open_workbook(tmp_path)
    assert again.draft("anna", "ann") == draft
    assert again.designers() == book.designers()
    assert again.secret == book.secret
    assert create_workbook(tmp_path, "flat", SPEC).draft("anna", "ann") == draft
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


BEFORE_SQLALCHEMY = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE designers (
    name TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, entered_at TEXT NOT NULL
);
CREATE TABLE drafts (
    designer TEXT NOT NULL REFERENCES designers (name), face TEXT NOT NULL,
    revision INTEGER NOT NULL, step INTEGER NOT NULL,
    finished_at TEXT, picture TEXT, engine_version TEXT,
    PRIMARY KEY (designer, face)
);
CREATE TABLE steps (
    designer TEXT NOT NULL, face TEXT NOT NULL, step INTEGER NOT NULL,
    record TEXT NOT NULL, what TEXT NOT NULL, made_at TEXT NOT NULL,
    PRIMARY KEY (designer, face, step)
);
"""


def test_a_workbook_of_an_earlier_version_opens(book, tmp_path):
    draft = finish(book, change(book, book.draft("anna", "ann"), skin="dark"))
    folder = tmp_path / "earlier"
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as old:
        old.executescript(BEFORE_SQLALCHEMY)
        old.execute("ATTACH ? AS new", (str(book.path),))
        for table in ("about", "designers", "drafts", "steps"):
            old.execute(f"INSERT INTO {table} SELECT * FROM new.{table}")
        old.commit()
    again = open_workbook(folder)
    assert again.draft("anna", "ann") == draft
    assert again.designers() == book.designers()
    reopened = again.reopen("anna", "ann", draft.revision)
    undone = again.undo("anna", "ann", reopened.revision)
    assert (undone.redo, undone.finish) == ("skin", None)
    assert again.enter("cleo").name == "cleo"


def test_another_engines_workbook_is_refused(book, tmp_path):
    other = AvatarSpec("flat", (Continuous("head_width", "head"),))
    with pytest.raises(StudioError, match="choose another --folder"):
        create_workbook(tmp_path, "flat", other)
    with pytest.raises(StudioError, match="holds no workbook"):
        open_workbook(tmp_path / "elsewhere")


def test_other_files_are_rejected(tmp_path):
    (tmp_path / FILE).write_text("not a database, though long enough to look at")
    with pytest.raises(StudioError, match=FILE):
        open_workbook(tmp_path)
    (tmp_path / FILE).unlink()
    sqlite3.connect(tmp_path / FILE).close()
    (tmp_path / FILE).touch()
    with pytest.raises(StudioError, match="is not a workbook"):
        open_workbook(tmp_path)


def test_one_of_simultaneous_changes_wins(book):
    def attempt(number):
        try:
            book.change("anna", "ann", {"head_width": f"0.{number}"}, 0)
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(attempt, range(1, 9)))
    assert kept.count(True) == 1
    assert book.draft("anna", "ann").revision == 1


@settings(max_examples=15)
@given(st.lists(st.sampled_from(["undo", "redo", "0.1", "0.2", "0.3"]), max_size=15))
@pytest.mark.slow
def test_undo_and_redo_in_any_order(tmp_path_factory, moves):
    book = create_workbook(tmp_path_factory.mktemp("book"), "flat", SPEC)
    book.enter("anna")
    steps, here = [0.33], 0
    draft = book.draft("anna", "ann")
    for move in moves:
        if move in ("undo", "redo"):
            draft = getattr(book, move)("anna", "ann", draft.revision)
            here = min(max(here + (1 if move == "redo" else -1), 0), len(steps) - 1)
        else:
            draft = change(book, draft, head_width=move)
            if float(move) != steps[here]:
                steps = [*steps[: here + 1], float(move)]
                here += 1
        assert value(draft, "head_width") == steps[here]
        assert (draft.undo is None) == (here == 0)
        assert (draft.redo is None) == (here == len(steps) - 1)


WRITER = """
import sys
from pathlib import Path
from reports.human_study.studio.workbook import open_workbook
book = open_workbook(Path(sys.argv[1]))
revision = 0
while True:
    value = f"0.{revision % 97:02d}"
    revision = book.change("anna", "ann", {"head_width": value}, revision).revision
    print(revision, value, flush=True)
"""


@pytest.mark.slow
def test_an_acknowledged_change_survives_a_kill(book, tmp_path):
    for _ in range(3):
        book.enter(f"designer-{len(book.designers())}")
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(20)]
        writer.kill()
        lines += writer.stdout.readlines()
        writer.stdout.close()
        writer.wait()
        acknowledged, text = next(
            line for line in reversed(lines) if line.endswith("\n")
        ).split()
        draft = open_workbook(tmp_path).draft("anna", "ann")
        assert draft.revision in (int(acknowledged), int(acknowledged) + 1)
        if draft.revision == int(acknowledged):
            assert value(draft, "head_width") == float(text)
        with closing(sqlite3.connect(tmp_path / FILE)) as db:
            db.execute("DELETE FROM steps")
            db.execute("DELETE FROM drafts")
            db.commit()


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("hair_type", "hair type"),
        ("shortFlat", "short flat"),
        ("dreads01", "dreads 01"),
        ("theCaesar", "the caesar"),
        ("d_01-cool", "d 01 cool"),
        ("NASACap", "nasacap"),
    ],
)
def test_names_become_words(name, read):
    assert words(name) == read
