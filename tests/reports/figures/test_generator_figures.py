import numpy as np
import pandas as pd
import pytest

from reports.figures.generator import draw_control, draw_curves


def records():
    for step in range(20, 401, 20):
        losses = {"train/loss_g": 1.0, "train/loss_d": 1.4, "train/mask": 0.1}
        yield {"step": step, "train/images": 16.0 * step, **losses}
    for step in (100, 300, 410):
        figures = {
            "quality/kernel_distance": 900 / step,
            "quality/kernel_distance_error": 1.0,
            "floor/kernel_distance": 0.5,
        }
        yield {"step": step, **figures}


def test_quality_is_drawn_over_pictures_with_its_floor():
    drawing = draw_curves(list(records()), "A training")
    looks = drawing.data.dropna(subset="quality/kernel_distance")
    assert looks["train/images"].tolist() == [1600, 4800, 6560]
    upper, lower = drawing.figure.axes[0], drawing.figure.axes[3]
    assert "Kernel distance" in upper.get_title(loc="left")
    assert [len(line.get_xdata()) for line in upper.lines] == [3, 2]
    assert upper.lines[0].get_xdata().tolist() == [1.6, 4.8, 6.56]
    assert [len(line.get_xdata()) for line in lower.lines] == [20, 20]
    assert "9 to 2.2" in drawing.description
    assert b"<svg" in drawing.svg()


def test_a_training_without_quality_records_has_a_curve(tmp_path):
    losses = [r for r in records() if "train/images" in r]
    paths = draw_curves(losses, "A training").write(tmp_path)
    assert sorted(path.suffix for path in paths) == [".csv", ".pdf", ".png"]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [([], "without records"), ([{"step": 1, "train/mask": 1}], "train/images")],
)
def test_invalid_records_are_refused(given, complaint):
    with pytest.raises(ValueError, match=complaint):
        draw_curves(given, "A training")


def test_a_part_that_no_sample_shows_is_named_as_such():
    data = pd.DataFrame(
        {
            "name": ["hair", "hat"],
            "n": [64, 0],
            "share_of_energy": [0.8, np.nan],
            "share_of_area": [0.25, np.nan],
            "ratio": [3.2, np.nan],
        }
    )
    drawing = draw_control(data, 64)
    texts = [text.get_text() for text in drawing.figure.axes[0].texts]
    assert texts == ["× 3.2", "not shown by any sample"]
    assert "hair 80% of the energy, 3.2 times its area" in drawing.description
    assert "hat" not in drawing.description
