"""The content of the page that `avatarbench engines adopt` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.adoption.next_steps import score_commands, use_commands
from benchmark.adoption.results import AVATARS, StepRecord
from benchmark.adoption.variety import Variety
from benchmark.config.suite import Suite
from benchmark.creation.writing import pair_path
from benchmark.run.plan import Plan, TrialPlan
from benchmark.system.console import duration
from benchmark.system.environment import own_version
from reports.adoption.page import AdoptionPage

SHEETS = {
    "dual-domain": "Latent codes as realistic faces and as avatars, with their parts",
    "pairs": "From renders to the realistic faces that the estimator learns from",
}
"""What is on the contact sheets of SwiftAvatar."""
MOST_EXAMPLES = 200


def make_page(
    base: Suite,
    plan: Plan,
    trial: TrialPlan,
    out: Path,
    changes: Sequence[str],
    variety: Sequence[Variety],
    steps: Sequence[StepRecord],
    sheets: Mapping[str, Path],
) -> AdoptionPage:
    """The page of an adoption whose files are in `out`.

    `changes` are the overrides of the suite's options.
    """
    resolved = plan.resolved
    meta, title = resolved.engines[trial.engine].meta, trial.variant.meta.title
    (split,) = trial.predict
    ids = resolved.splits[split].ids
    return AdoptionPage(
        title=meta.title,
        lead=(
            f"{title} was fitted to {meta.title} with options of the suite "
            f"{base.name}. It used no ground truth of this engine."
        ),
        pairs={f: pair_path(out / AVATARS, f) for f in ids[:MOST_EXAMPLES]},
        faces=len(ids),
        variety=[_variety_row(each) for each in variety],
        steps=[_step_row(each) for each in steps],
        sheets={SHEETS.get(name, name): path for name, path in sheets.items()},
        use=use_commands(trial.engine, out),
        score=score_commands(resolved, trial.engine, out),
        provenance={
            "Engine": f"{meta.title} ({meta.name}), version {meta.version}",
            "Source": f"{meta.source}; licence: {meta.licence}",
            "Method": f"{title}, version {trial.variant.meta.version}",
            "Options": f"of {trial.variant.name} in the suite {base.name}",
            **({"Changed options": ", ".join(changes)} if changes else {}),
            "Faces": f"{resolved.faces.name}, split {split}, {len(ids)} faces",
            "Fit": trial.fit.key,
            "Machine": f"{plan.machine['cores']} cores, {plan.machine['device']}",
            "avatarbench": own_version(),
        },
    )


def _variety_row(each: Variety) -> tuple[str, ...]:
    share = "" if each.share is None else f"{each.share:.0%}"
    remark = "the same on all faces" if each.stuck else ""
    if not each.faces:
        remark = "no effect on these avatars"
    return each.name, each.answers, each.usual, share, remark


def _step_row(each: StepRecord) -> tuple[str, ...]:
    took = "" if each.seconds is None else duration(each.seconds)
    memory = "" if each.peak_mib is None else f"{each.peak_mib:,.0f} MiB"
    return each.name, each.work, took, memory
