"""Fitting times and pretrained parts."""

import json

from benchmark.weights.folders import SHIPPED
from reports.tables.costs import costs_table
from reports.trials import read_run


def test_shipped_stages_are_named_with_their_time(make_run):
    folder = make_run(seeds=(0,))
    for path in folder.glob("trials/baseline__*/timing.json"):
        found = json.loads(path.read_text()) | {"fit_shipped": ["codes", "adaptation"]}
        path.write_text(json.dumps(found))
    rows = {r.label: r.cells[0] for r in costs_table(read_run(folder)).sections[0].rows}
    assert rows["Baseline"].text == "1 min 1 s"
    assert rows["Baseline"].detail == "adaptation, codes: shipped result, not run here"
    assert rows["Random (control)"].detail == ""


def test_own_times_are_shown_where_they_are_recorded(make_run):
    folder = make_run(seeds=(0, 1))
    for path in folder.glob("trials/baseline__*/timing.json"):
        found = json.loads(path.read_text()) | {"fit_own_seconds": 12.0}
        path.write_text(json.dumps(found))
    rows = {r.label: r.cells for r in costs_table(read_run(folder)).sections[0].rows}
    assert [cell.text for cell in rows["Baseline"][:2]] == ["2 min 2 s", "24 s"]
    assert rows["Random (control)"][1].text == "—"


def record(folder, weights, pretrained=()):
    """Give every Baseline these weight files and declared parts."""
    for path in folder.glob("trials/baseline__*/trial.json"):
        found = json.loads(path.read_text())
        found["weights"] = weights
        found["method_meta"]["pretrained"] = list(pretrained)
        path.write_text(json.dumps(found))
    run = read_run(folder)
    (row,) = (r for r in costs_table(run).sections[0].rows if r.label == "Baseline")
    return row.cells[2].text


def part(name, source):
    return {"name": name, "source": source, "data": "faces", "licence": "MIT"}


def test_a_part_that_no_option_selected_is_left_out(make_run):
    """F2P without the identity never opens LightCNN."""
    declared = (part("LightCNN", "option `similarity.identity`"), part("Eye", "inside"))
    assert record(make_run(), {}, declared) == "Eye (faces; MIT; inside)"


def test_files_of_a_weights_folder_are_described_once_by_their_card(make_run):
    card = json.loads((SHIPPED / "portraits64" / "card.json").read_text())
    files = {f"portraits64/{n}": d for n, d in card["digests"].items()}
    text = f"portraits64 ({card['data']}; {card['licence']})"
    assert record(make_run(), files) == text


def test_another_file_under_a_name_is_described_by_its_digest(make_run):
    files = {"portraits64/generator.safetensors": "ab" * 32}
    described = "portraits64/generator.safetensors (SHA-256 abababab)"
    assert record(make_run(), files) == described
