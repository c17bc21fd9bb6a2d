import io

import pandas as pd
import pytest

from reports.tables.csv_files import to_csv
from reports.tables.scores import headline_table
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import read_run


def read(table: Table) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(to_csv(table)))


def test_table_one_has_numbers_and_the_bounds_of_intervals(full_run):
    table = headline_table(read_run(full_run))
    frame = read(table)
    assert list(frame["Method"]) == [row.label for row in table.sections[0].rows]
    name = "toon-tiktok ST-LPIPS"
    assert (frame[f"{name} low"] <= frame[name]).all()
    assert (frame[name] <= frame[f"{name} high"]).all()
    assert set(frame[f"{name} bold"]) == {"yes", "no"}
    assert frame["toon-tiktok LPIPS"].isna().all()  # it was not measured
    assert (frame["Speed (Hz) Model"] == 41.2).all()
    assert (frame["Speed (Hz) Model detail"] == "22–31.5 ms").all()


def test_shares_signs_and_words_are_kept():
    columns = (Column("Share"), Column("Difference"), Column("Parts"))
    cells = (Cell("29 %", "−10 to 62 %"), Cell("−0.5"), Cell('a, "b"'))
    rows = (Row("x", cells), Row("y", (Cell(), Cell("0.1"), Cell("failed"))))
    frame = read(Table("t", "t", "Method", columns, (Section("engine", rows),)))
    assert list(frame.columns) == [
        "section",
        "Method",
        *("Share (%)", "Share (%) low", "Share (%) high"),
        *("Difference", "Parts"),
    ]
    assert list(frame["Difference"]) == [-0.5, 0.1]
    assert frame["Share (%)"].tolist() == pytest.approx([29, float("nan")], nan_ok=True)
    assert frame.loc[0, "Share (%) low"] == -10
    assert list(frame["Parts"]) == ['a, "b"', "failed"]
    assert set(frame["section"]) == {"engine"}
