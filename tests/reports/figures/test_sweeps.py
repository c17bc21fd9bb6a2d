from __future__ import annotations

import yaml

from reports.figures.sweeps import draw_sweeps, sweeps
from reports.trials import read_run


def test_variants_that_differ_in_one_number_make_a_sweep(ablation_run):
    (sweep,) = sweeps(read_run(ablation_run))
    assert sweep.option == "inverted"
    assert [(value, c.name) for value, c in sweep.points] == [
        (100, "few-pairs"),
        (400, "some-pairs"),
        (1600, "swift"),
    ]


def test_a_sweep_is_drawn_with_an_interval_an_engine(ablation_run):
    (drawing,) = draw_sweeps(read_run(ablation_run))
    assert drawing.name == "sweep-inverted"
    assert list(drawing.data["engine"]) == ["toon-tiktok"] * 3 + ["avataaars"] * 3
    assert (drawing.data["low"] < drawing.data["mean"]).all()
    assert "avataaars, 1600: 0.4" in drawing.description
    assert drawing.figure.axes[0].get_xscale() == "log"


def changed(folder, name, **options):
    """The run with other options of one variant."""
    path = folder / "resolved.yaml"
    resolved = yaml.safe_load(path.read_text())
    resolved["variants"][name]["options"] |= options
    path.write_text(yaml.safe_dump(resolved, sort_keys=False))
    return read_run(folder)


def test_a_second_difference_or_no_number_makes_no_sweep(make_run):
    folder = make_run(ablation=True, seeds=(0,), engines=("avataaars",))
    assert sweeps(changed(folder, "some-pairs", steps=7)) == []
    assert sweeps(changed(folder, "some-pairs", steps=None, inverted=None)) == []


def test_the_last_step_is_no_point_without_a_number(make_run):
    folder = make_run(ablation=True, seeds=(0,), engines=("avataaars",))
    (sweep,) = sweeps(changed(folder, "swift", inverted=None))
    assert [value for value, _ in sweep.points] == [100, 400]


def test_no_ablation_no_sweep(full_run):
    assert draw_sweeps(read_run(full_run)) == []
