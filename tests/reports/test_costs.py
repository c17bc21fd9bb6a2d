"""What a row cost, and what of it was not made on this machine."""

import json

from reports.costs import costs
from reports.trials import read_run


def test_shipped_stages_are_named_beside_their_time(make_run):
    folder = make_run(seeds=(0,))
    for path in folder.glob("trials/baseline__*/timing.json"):
        found = json.loads(path.read_text()) | {"fit_shipped": ["codes", "adaptation"]}
        path.write_text(json.dumps(found))
    rows = {r.label: r.cells[0] for r in costs(read_run(folder)).sections[0].rows}
    assert rows["Baseline"].text == "61 s"
    assert rows["Baseline"].detail == "adaptation, codes: shipped, not made here"
    assert rows["Random (control)"].detail == ""
