"""The fit of a trial, found again from the files of its run."""

import json

import tiny_suite

from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.run.plan import fit_of_record, make_plan
from benchmark.run.trial_writer import trial_record


def test_the_files_of_a_run_tell_the_fit_of_each_trial(tmp_path):
    tiny_suite.register()
    variants = [
        {"name": "one", "method": "tiny"},
        {"name": "above", "method": "oracle"},
        {"name": "network", "method": "baseline", "options": {"pretrained": False}},
    ]
    path = tiny_suite.make_suite(tmp_path, variants=variants, seeds=[0, 1])
    plan = make_plan(resolve(load_suite(str(path))))
    config = json.loads(json.dumps(plan.resolved.to_data()))
    for trial in plan.trials:
        assert fit_of_record(config, trial_record(plan, trial)) == trial.fit
