"""Truth CSVs: written files are read back, and every mistake has its own message."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Condition, Continuous, Discrete
from benchmark.faces.faceset import FaceSetError, TruthFile, write_truth

SPEC = AvatarSpec(
    "small",
    (
        Continuous("head_width", "head"),
        Discrete("hair_type", "hair", ("bald", "bob", "bun")),
        Discrete(
            "hair_colour",
            "hair",
            ("red", "black"),
            active_when=Condition("hair_type", ("bob", "bun")),
        ),
    ),
)
HEADER = "face,head_width,hair_type,hair_colour"


def truth(tmp_path, *lines, encoding="utf-8", end="\n"):
    path = tmp_path / "truth.csv"
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return TruthFile(path)


def test_rows_are_returned_in_the_requested_order(tmp_path):
    file = truth(tmp_path, HEADER, "a,0.25,bob,red", "b,1,bald,", "c,0,bun,black")
    assert file.faces() == ("a", "b", "c")
    assert file.read(SPEC, ["c", "a"]).to_records() == [
        {"head_width": 0.0, "hair_type": "bun", "hair_colour": "black"},
        {"head_width": 0.25, "hair_type": "bob", "hair_colour": "red"},
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_exports_of_spreadsheets_are_read(tmp_path, encoding, end):
    lines = ("hair_type,face,head_width,hair_colour", " bob , a ,0.5,red", ",,,", "")
    file = truth(tmp_path, *lines, encoding=encoding, end=end)
    assert file.read(SPEC, ["a"]).to_records()[0]["hair_type"] == "bob"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_leftovers_of_spreadsheets_are_accepted(tmp_path, separator):
    lines = (f"{HEADER},,", "a,0.5,bob,red,,", ",,,,,", "b,1,bun,black,,")
    file = truth(tmp_path, *(line.replace(",", separator) for line in lines))
    assert file.read(SPEC, ["b"]).to_records()[0]["hair_type"] == "bun"


def test_decimal_commas_are_read(tmp_path):
    file = truth(tmp_path, HEADER.replace(",", ";"), "a;0,25;bob;red")
    assert file.read(SPEC, ["a"]).to_records()[0]["head_width"] == 0.25


def test_a_conditional_column_may_be_missing_where_it_is_inactive(tmp_path):
    file = truth(tmp_path, "face,head_width,hair_type", "a,0.5,bald")
    assert len(file.read(SPEC, ["a"])) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), count=st.integers(1, 8))
def test_written_truths_are_read_back(tmp_path, seed, count):
    vectors = AvatarVectors.sample(SPEC, count, seed)
    faces = [f"face, {index}" for index in range(count)]
    write_truth(tmp_path / "truth.csv", faces, vectors)
    read = TruthFile(tmp_path / "truth.csv").read(SPEC, faces)
    active = vectors.active().discrete
    np.testing.assert_array_equal(read.continuous, vectors.continuous)
    np.testing.assert_array_equal(read.active().discrete, active)
    np.testing.assert_array_equal(read.discrete[active], vectors.discrete[active])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "is empty"),
        ([HEADER], "has no rows"),
        (["head_width,hair_type", "1,bob"], "column 'face'.*missing"),
        (["face,head_width,hair_typ", "a,1,bob"], r"'hair_typ'.*mean hair_type"),
        (["face,head_width", "a,1"], "column 'hair_type' is missing"),
        ([f"{HEADER},face", "a,1,bob,red,a"], "column 'face' is there twice"),
        ([f"{HEADER},", "a,1,bob,red,no"], "line 2: 5 cells under 4 columns"),
        ([HEADER, "a,1,bob,red", "a,1,bob,red"], "line 3: face a is already on line 2"),
        ([HEADER, "a,1,bob"], "line 2: 3 cells under 4 columns"),
        ([HEADER, ",1,bob,red"], "line 2: column face is empty"),
        ([HEADER, "a,1.5,bob,red"], "line 2, column head_width: '1.5'"),
        ([HEADER, "a,nan,bob,red"], "line 2, column head_width: 'nan'"),
        ([HEADER, "a,,bob,red"], "line 2, column head_width: missing"),
        ([HEADER, "a,1,bob,red", "b,1,bub,red"], "line 3, column hair_type.*bun"),
        ([HEADER, "a,1,bob,"], "line 2, column hair_colour: missing"),
    ],
)
def test_every_mistake_has_its_own_message(tmp_path, lines, message):
    file = truth(tmp_path, *lines)
    with pytest.raises(FaceSetError, match=message) as caught:
        file.read(SPEC, ["a"])
    assert str(file.path) in str(caught.value)


def test_faces_without_a_row_are_named(tmp_path):
    file = truth(tmp_path, HEADER, "a,1,bob,red")
    with pytest.raises(FaceSetError, match="no row for face b and 1 more"):
        file.read(SPEC, ["a", "b", "c"])


def test_other_encodings_and_missing_files_are_refused(tmp_path):
    with pytest.raises(FaceSetError, match="not UTF-8"):
        truth(tmp_path, HEADER, "é,1,bob,red", encoding="latin-1").faces()
    with pytest.raises(FaceSetError, match="cannot be read"):
        TruthFile(tmp_path / "nowhere.csv").faces()


def test_writing_needs_one_vector_per_face(tmp_path):
    vectors = AvatarVectors.defaults(SPEC, 2)
    with pytest.raises(FaceSetError, match="1 face but 2 vectors"):
        write_truth(tmp_path / "truth.csv", ["a"], vectors)
    with pytest.raises(FaceSetError, match="twice"):
        write_truth(tmp_path / "truth.csv", ["a", "a"], vectors)
