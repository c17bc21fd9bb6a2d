"""`avatarbench study report`: Table 2 and the report of a rating study."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmark.run.runner import create_out_folder
from benchmark.system.environment import git_record
from benchmark.tracking import ReportedStudy, track_study, where_to_look
from evaluation.ratings import RESAMPLES
from evaluation.statistics import SEED
from reports.human_study.analysis.answers import Answers, read_answers
from reports.human_study.analysis.findings import Findings, findings
from reports.human_study.analysis.numbers import study_numbers
from reports.human_study.analysis.tables import table_two
from reports.human_study.analysis.write import StudyFiles, write_study_report
from reports.human_study.simulation import simulated_file
from reports.tables.terminal import print_table
from reports.trials import ReportError


def report_study(
    folder: Path,
    ratings: Sequence[Path],
    out: Path,
    *,
    track: bool,
    simulated: bool = False,
) -> None:
    """Write the report of a study, print Table 2 and log both to MLflow if `track`.

    `ratings` are CSV files; none stands for all in the study's folder. A report of
    `simulated` ratings is never logged.
    """
    if simulated and not ratings:
        ratings = [_find_simulated(folder)]
    answers = read_answers(folder, ratings, simulated)
    found = findings(answers)
    files = write_study_report(answers, found, _describe_code())
    tracked = None
    if track and not simulated:
        create_out_folder(out)
        record = _tracked_study(answers, found, files)
        tracked = track_study(out, record, lambda line: print(line, file=sys.stderr))
    print_table(table_two(answers, found), Console(highlight=False))
    print(f"page:    {files.page}")
    print(f"tables:  {files.folder}")
    print(f"ratings: {files.ratings}")
    if track and simulated:
        print("MLflow:  simulated ratings are not logged")
    if tracked is not None:
        print(f"MLflow:  {where_to_look(out, tracked.page)}")


def _find_simulated(folder: Path) -> Path:
    path = simulated_file(folder)
    if not path.is_file():
        raise ReportError(
            f"{path} does not exist; simulate ratings first with `avatarbench study "
            f"simulate {shlex.quote(str(folder))}`"
        )
    return path


def _describe_code() -> str:
    code = git_record()
    commit = code["sha"] or "not a checkout"
    return f"{commit}{' with local changes' if code['dirty'] else ''}"


def _tracked_study(
    answers: Answers, found: Sequence[Findings], files: StudyFiles
) -> ReportedStudy:
    study, key = answers.study, answers.key
    return ReportedStudy(
        name=study.name,
        tags={
            "study.digest": study.digest,
            "ratings.digest": answers.digest,
            "suite": key.suite,
            "run": key.run,
            "faces": key.face_set,
            "faces.stand_in": str(key.stand_in),
        },
        params={
            "study": study.id,
            "seed": study.seed,
            "engines": list(answers.engines),
            "methods": dict(key.methods),
            "faces": answers.faces,
            "consent_version": study.consent.version,
            "settings": study.settings.model_dump(),
            "rule": answers.rule.model_dump(),
            "bootstrap": {"resamples": RESAMPLES, "seed": SEED},
        },
        figures=study_numbers(answers, found),
        report=files.folder,
    )
