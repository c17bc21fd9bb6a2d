"""The numbers of Tables 1 to 3 of the SwiftAvatar paper, exactly as printed."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = (
    "Wang et al., SwiftAvatar: Efficient Auto-Creation of Parameterized Stylized "
    "Character on Arbitrary Avatar Engines, AAAI 2023"
)
CONDITIONS = (
    "For reference, not measured here. The paper's engines, faces and code are not "
    "public, so its numbers are not comparable with ours."
)


@dataclass(frozen=True)
class PublishedTable:
    """A table of the paper; `rows` hold a label and the text of each cell.

    `made` says how the paper measured the numbers.
    """

    number: int
    title: str
    made: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


TABLE_1 = PublishedTable(
    1,
    "Quantitative evaluation (LPIPS, speed)",
    "Distances are to avatars created by hand. Speeds are for an NVIDIA V100.",
    ("TikTok engine ↓", "Alter engine ↓", "Speed ↑"),
    (
        ("Baseline", ("0.5033", "0.3962", "~10² Hz")),
        ("F2P", ("0.3562", "0.3040", "~1 Hz")),
        ("F2P v2", ("0.4466", "0.2825", "~10² Hz")),
        ("SwiftAvatar", ("0.3110", "0.2405", "~10² Hz")),
    ),
)

TABLE_2 = PublishedTable(
    2,
    "Human rating: share of choices (50 volunteers, 50 images)",
    "50 volunteers saw 50 faces on each engine, with the avatar of every method in "
    "random order and without a time limit. They picked the best match for each face.",
    ("TikTok engine ↑", "Alter engine ↑"),
    (
        ("Baseline", ("5.66 %", "18.94 %")),
        ("F2P", ("30.86 %", "8.65 %")),
        ("F2P v2", ("4.37 %", "8.73 %")),
        ("SwiftAvatar", ("59.11 %", "63.68 %")),
    ),
)

TABLE_3 = PublishedTable(
    3,
    "Ablation (LPIPS)",
    "Distances are to avatars created by hand.",
    ("TikTok engine ↓", "Alter engine ↓"),
    (
        ("Baseline", ("0.5033", "0.3962")),
        ("+ domain adaptation", ("0.3401", "0.3123")),
        ("+ semantic augmentation", ("0.3110", "0.2405")),
    ),
)

TABLES = (TABLE_1, TABLE_2, TABLE_3)
