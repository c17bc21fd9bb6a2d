"""The CSV reader accepts what spreadsheets save, and names what it cannot read."""

import pytest

from benchmark.storage.csv_reader import CsvError, parse_csv, read_csv

ROWS = ({"face": "ann", "hat": ""}, {"face": "ben", "hat": "a cap"})


@pytest.mark.parametrize(
    "text",
    [
        "face,hat\nann,\nben,a cap\n",
        "face;hat\nann;\nben;a cap\n",
        "face\that\nann\t\nben\ta cap",
        '"face","hat"\r\n"ann",""\r\n"ben","a cap"\r\n',
        ",,\n\nface,hat,,\nann,,,\n,,,\n\nben,a cap\n,,,,,\n",
        "face , hat\n ann ,\nben, a cap ,,,\n",
        "sep=;\nface;hat\nann;\nben;a cap\n",
        '"sep=,",\r\nface,hat\r\nann,\r\nben,a cap\r\n\x1a',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_save_is_read(text, encoding):
    table = parse_csv(text.encode(encoding), "x.csv")
    assert table.header == ("face", "hat")
    assert tuple(cells for _, cells in table.rows) == ROWS


def test_rows_know_their_line():
    table = parse_csv(b"face,hat\n\nann,\n,\nben,cap\n", "x.csv")
    assert [line for line, _ in table.rows] == [3, 5]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.csv is empty"),
        (b",,\n,,\n", "x.csv is empty"),
        (b"face,,hat\nann,,\n", "x.csv: a column has no name"),
        (b"face,face\nann,ben\n", "x.csv: column 'face' is there twice"),
        (b"face,hat\nann\n", "x.csv, line 2: 1 cells under 2 columns"),
        (b"face,hat,\nann,cap,more\n", "x.csv, line 2: 3 cells under 2 columns"),
        ("face\né\n".encode("latin-1"), "x.csv is not UTF-8 text .* save it as CSV"),
        (b"face\n" + b"a" * 200_000, "x.csv, line 2: field larger"),
    ],
)
def test_what_cannot_be_read_is_named(data, message):
    with pytest.raises(CsvError, match=message):
        parse_csv(data, "x.csv")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CsvError, match=r"nowhere\.csv cannot be read: No such file"):
        read_csv(tmp_path / "nowhere.csv")
