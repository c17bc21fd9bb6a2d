"""The scores of Table 1 by name."""

from reports.tables.estimates import ScoreKey, estimate
from reports.tables.scores import headline_metrics
from reports.tables.summary import summary_columns, summary_scores
from reports.trials import read_run


def test_the_scores_are_the_means_of_table_1(full_run):
    run = read_run(full_run)
    columns, scores = summary_columns(run), summary_scores(run)
    shown = [m for m in headline_metrics(run) if m["skipped"] is None]
    names = [f"{engine}/{metric['name']}" for engine in run.engines for metric in shown]
    assert [column["name"] for column in columns] == names
    for engine in run.engines:
        key = ScoreKey(engine, run.main_split, run.designers[0])
        for metric in shown:
            for variant in run.main_variants:
                found = estimate(run, variant.name, metric, key)
                name = f"{engine}/{metric['name']}/{variant.name}"
                assert scores.get(name) == (found and found.interval.mean)
