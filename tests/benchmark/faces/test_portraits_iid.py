"""The face set `portraits-iid`: who is in it, drawing, ground truth and suites.

Random pictures take the place of drawn people wherever the drawing is not tested.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import tiny_suite
from command_line import invoke

from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, parse_suite
from benchmark.faces.faceset import embedded_portraits
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits import iid, iid_drawing
from benchmark.faces.portraits.designer.truths import DESIGNERS, ENGINES
from benchmark.faces.portraits.iid import open_portraits_iid
from benchmark.faces.portraits.iid_drawing import (
    PEOPLE,
    draw_portraits_iid,
    numbers,
    write_data,
    write_truths,
)
from benchmark.faces.portraits.people import attributes, sample_person
from benchmark.faces.portraits.splits import EMBEDDED_SEED, SPLITS, RenderedFace
from benchmark.faces.portraits.training_set import MAX_PEOPLE
from benchmark.run.plan import make_plan
from benchmark.system.progress import Silent

SHIPPED = iid.DATA


class FakeRenderer:
    """Replaces `render_indices`, and records the numbers of drawn people."""

    def __init__(self):
        self.drawn = []
        self.dies_at = None
        self.shade = 0

    def __call__(self, indices, size, seed, domain, jobs=2):
        assert (size, seed, domain) == (256, 1, "train")
        for index in indices:
            if index == self.dies_at:
                raise KeyboardInterrupt
            self.drawn.append(index)
            shade = 40 * (index - PEOPLE.start) + self.shade
            picture = np.full((size, size, 3), shade, np.uint8)
            yield RenderedFace(index, picture, picture[..., 0], {})


@pytest.fixture
def renderer(tmp_path, monkeypatch):
    """Four people with drawn stand-ins, their manifest and ground truth."""
    renderer = FakeRenderer()
    monkeypatch.setattr(iid_drawing, "render_indices", renderer)
    monkeypatch.setattr(iid_drawing, "PEOPLE", replace(PEOPLE, count=4))
    monkeypatch.setattr(iid, "DATA", tmp_path / "data")
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path / "cache"))
    write_data(tmp_path / "data")
    renderer.drawn.clear()
    return renderer


def call(*arguments):
    return invoke("faces", *arguments)


def resolved(home, faces):
    data = tiny_suite.suite_data(
        faces=faces,
        splits=["heldout"],
        engines=["toon-alter"],
        variants=[{"name": n, "method": n} for n in ("tiny", "oracle")],
        metrics=["discrete-accuracy"],
    )
    return resolve(parse_suite(data, "iid.yaml", home))


def records():
    return [
        attributes(sample_person(number, EMBEDDED_SEED, PEOPLE.domain))
        for number in numbers().values()
    ]


def test_nobody_is_in_another_split_or_in_a_crowd():
    batches = [b for split in SPLITS.values() for b in split if b.domain == "train"]
    taken = {b.start + i for b in (*batches, PEOPLE) for i in range(b.count)}
    assert len(taken) == sum(batch.count for batch in batches) + 116
    assert min(numbers().values()) >= MAX_PEOPLE
    embedded = embedded_portraits()
    rows = [
        tuple(row.items())
        for split in embedded.splits.values()
        for row in split.attributes().to_dict("records")
    ]
    known = set(rows)
    own = {tuple((name, r[name]) for name, _ in rows[0]) for r in records()}
    assert len(own) == 116
    assert own.isdisjoint(known)
    ids = {face for split in embedded.splits.values() for face in split.ids}
    assert ids.isdisjoint(numbers())


def test_people_are_drawn_as_the_train_people_are():
    train = embedded_portraits().split("train").attributes()
    own = records()
    assert {record["part"] for record in own} == {"in-distribution"}
    for name in ("hair_family", "facial_hair", "glasses", "sex", "hair_colour"):
        expected = train[name].value_counts(normalize=True)
        counts = Counter(record[name] for record in own)
        assert set(counts) <= set(expected.index), name
        shares = [counts[value] / len(own) for value in expected.index]
        # Four standard errors of a share.
        allowed = 4 * np.sqrt(expected * (1 - expected) / len(own)) + 0.01
        assert (np.abs(shares - expected) < allowed).all(), name


def test_the_shipped_ground_truth_is_what_the_designers_make_of_the_people(tmp_path):
    assert tuple(iid.picture_cache().recorded) == tuple(numbers())
    write_truths(tmp_path)
    shipped = sorted((SHIPPED / "truth").iterdir())
    expected = {f"{engine}.{name}.csv" for engine in ENGINES for name in DESIGNERS}
    assert {path.name for path in shipped} == expected
    for path in shipped:
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_people_are_drawn_once_and_kept(renderer):
    first = call("fetch", "portraits-iid")
    assert first.exit_code == 0, first.output
    assert "portraits-iid: 4 added, 0 present" in first.output
    assert "warning" not in first.output
    assert renderer.drawn == list(range(PEOPLE.start, PEOPLE.start + 4))
    assert "0 added, 4 present" in call("fetch", "portraits-iid").output
    assert len(renderer.drawn) == 4
    faces = open_portraits_iid()
    assert list(faces.splits) == ["train", "heldout"]
    assert faces.split("heldout").pictures(64).shape == (4, 64, 64, 3)
    assert faces.split("train").digest == embedded_portraits().split("train").digest
    assert "4 heldout; 4 of 4 pictures fetched" in call().output
    shown = call("show", "portraits-iid")
    assert "ground truth for avataaars: designer-a, designer-b" in shown.output


def test_drawing_goes_on_after_an_interruption(renderer):
    renderer.dies_at = PEOPLE.start + 3
    with pytest.raises(KeyboardInterrupt):
        draw_portraits_iid(Silent())
    with pytest.raises(
        FaceSetError, match="not whole: run `avatarbench faces fetch portraits-iid`"
    ):
        open_portraits_iid()
    renderer.dies_at = None
    assert draw_portraits_iid(Silent()).present == 3
    assert len(open_portraits_iid().split("heldout")) == 4


def test_a_changed_picture_is_noticed_and_drawn_again(renderer, tmp_path):
    draw_portraits_iid(Silent())
    (tmp_path / "cache/portraits-iid/iid-0002.png").write_bytes(b"other")
    with pytest.raises(FaceSetError, match="faces fetch portraits-iid"):
        open_portraits_iid().split("heldout").pictures(64)
    renderer.drawn.clear()
    assert draw_portraits_iid(Silent()).added == 1
    assert renderer.drawn == [PEOPLE.start + 2]


def test_pictures_of_another_machine_are_used_with_a_warning(renderer):
    draw_portraits_iid(Silent())
    digest = open_portraits_iid().split("heldout").digest
    renderer.shade = 1
    for face in numbers():
        (iid.picture_cache().path(face)).unlink()
    result = call("fetch", "portraits-iid")
    assert "4 pictures differ slightly" in result.output.replace("\n", " ")
    assert open_portraits_iid().split("heldout").digest != digest


def test_a_copy_and_an_unknown_set_are_refused(renderer, tmp_path):
    result = call("fetch", "portraits-iid", "--from", tmp_path)
    assert "is drawn, not downloaded: leave out --from" in str(result.exception)
    result = call("fetch", "portraits-idd")
    assert "did you mean portraits-iid" in str(result.exception)


def test_without_the_extra_one_sentence_says_so(renderer, monkeypatch):
    def without(*arguments):
        raise ModuleNotFoundError("No module named 'warp'", name="warp")

    monkeypatch.setattr(iid_drawing, "render_indices", without)
    result = call("fetch", "portraits-iid")
    assert "needs the extra `portraits`" in str(result.exception)


def test_a_suite_says_how_to_draw_and_shares_the_fits_of_portraits(renderer, tiny):
    home = tiny.parent
    with pytest.raises(SuiteError) as caught:
        resolved(home, {"set": "portraits-iid"})
    problems = caught.value.problems
    assert any("`avatarbench faces fetch portraits-iid`" in p for p in problems)
    draw_portraits_iid(Silent())
    new = resolved(home, {"set": "portraits-iid", "heldout_count": 4})
    old = resolved(home, {"set": "portraits"})
    assert new.version is None
    keys = [[trial.fit.key for trial in make_plan(each).trials] for each in (new, old)]
    assert keys[0] == keys[1]
    scores = [make_plan(each).trials[0].predict for each in (new, old)]
    assert scores[0]["heldout"].key != scores[1]["heldout"].key


def test_a_person_is_drawn(tmp_path, monkeypatch):
    pytest.importorskip("warp", reason="the portraits extra is not installed")
    monkeypatch.setattr(iid_drawing, "PEOPLE", replace(PEOPLE, count=1, size=64))
    monkeypatch.setenv("AVATARBENCH_CACHE", str(tmp_path))
    cache = replace(iid.picture_cache(), recorded={"iid-0000": "unknown"})
    monkeypatch.setattr(iid, "picture_cache", lambda: cache)
    report = draw_portraits_iid(Silent(), jobs=1)
    assert (report.added, report.different) == (1, ("iid-0000",))
    pictures = open_portraits_iid().split("heldout").pictures(64)
    assert pictures.std() > 15
