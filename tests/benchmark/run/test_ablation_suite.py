import pandas as pd
import tiny_suite

from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.run.plan import make_plan
from benchmark.run.runner import run, run_folder
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from reports.write import write_reports

ROWS = [
    {"name": name, "title": name.title(), "method": "tiny", "options": {"steps": steps}}
    for name, steps in (("plain", 1), ("adapted", 2), ("whole", 4), ("long", 8))
]
ABLATION = {
    "title": "Ablation",
    "steps": ["plain", "adapted", "whole"],
    "beyond": ["long"],
    "labels": {"whole": "+ all of it"},
}


def test_a_suite_with_an_ablation_ends_in_table_three(tmp_path):
    tiny_suite.register()
    path = tiny_suite.make_suite(tmp_path, variants=ROWS, ablation=ABLATION)
    plan = make_plan(resolve(load_suite(str(path))))
    run(plan, Store(tmp_path / "store"), tmp_path / "runs", Silent(), [])
    folder = write_reports(run_folder(plan.resolved, tmp_path / "runs")).folder
    table = (folder / "table-3.md").read_text(encoding="utf-8")
    starts = ("| Plain", "| Adapted", "| + all of it", "| **Beyond", "| Long")
    rows = [line for line in table.splitlines() if line.startswith(starts)]
    assert [row.startswith(start) for row, start in zip(rows, starts, strict=True)]
    first = (folder / "table-1.md").read_text(encoding="utf-8")
    assert "| Whole" in first
    assert not {"| Adapted", "| Long"} & {line[:9] for line in first.splitlines()}
    figures = pd.read_csv(folder / "table-3.csv")
    assert set(figures["row"]) == {"plain", "adapted", "whole", "long"}
