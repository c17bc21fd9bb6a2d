"""Where weights lie: the cache, what ships, and folders of a pair that go by a name.

A weights folder holds a generator, its discriminator and their card, or a face parser
and its card. A file of it is asked for like a published one:
`NAME/generator.safetensors`, or the same below a path. Who reads the networks is
methods.generator.pretrained and methods.f2p.parser_weights.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from benchmark.storage.digests import file_digest

SHIPPED = Path(str(files("methods"))) / "weights"
"""Where the weights of this project's own generators lie, a folder each."""
SHIPPED_STAGES = SHIPPED / "stages"
"""Finished stages that come with the package, laid out like a store."""

CARD: Final = "card.json"
GENERATOR: Final = "generator.safetensors"
DISCRIMINATOR: Final = "discriminator.safetensors"
PARSER: Final = "parser.safetensors"


class WeightsError(RuntimeError):
    """A weight file is unknown, damaged or out of reach; the message says why."""


def cache_folder() -> Path:
    """Where fetched files lie: $AVATARBENCH_CACHE or ~/.cache/avatarbench/weights."""
    given = os.environ.get("AVATARBENCH_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "avatarbench" / "weights"


def known_weights() -> dict[str, Path]:
    """Weights folders that go by a name: imported ones, then those that ship."""
    return {
        card.parent.name: card.parent
        for place in (cache_folder(), SHIPPED)
        for card in sorted(place.glob(f"*/{CARD}"))
    }


def find_weights(folder_or_name: Path) -> Path:
    """A folder as it is given, or the folder that a name stands for.

    Raises WeightsError, with the names that there are, for neither.
    """
    found = _folder(folder_or_name)
    if found is None:
        raise WeightsError(_unknown(folder_or_name))
    return found


def _folder(folder_or_name: Path) -> Path | None:
    if folder_or_name.exists():
        return folder_or_name
    return known_weights().get(str(folder_or_name))


def _unknown(folder_or_name: Path) -> str:
    known = known_weights()
    names = f", or one of {', '.join(known)}" if known else ""
    return (
        f"{folder_or_name} is no folder and no name of weights: give a folder that "
        f"`train` or `weights import` made{names}"
    )


def is_member(name: str) -> bool:
    """Whether a weight file's name is that of a file in a weights folder."""
    files = {CARD, GENERATOR, DISCRIMINATOR, PARSER}
    return "/" in name and name.rpartition("/")[2] in files


def find_member(name: str) -> Path | None:
    """The file of `NAME-OR-FOLDER/FILE`, checked; None where there is none.

    Raises WeightsError for one that is not as its card says.
    """
    place, _, file = name.rpartition("/")
    folder = _folder(Path(place))
    if folder is None or not (folder / file).is_file():
        return None
    return check_member(folder / file)


def check_member(path: Path) -> Path:
    """`path`, if it holds the bytes that the card beside it names; else WeightsError.

    The card itself has no digest: it is asked whether it is a card.
    """
    expected = _digests(path.parent)
    if path.name == CARD:
        return path
    digest, wanted = file_digest(path), expected.get(path.name, "none")
    if digest != wanted:
        raise WeightsError(
            f"{path} is damaged or was changed: its SHA-256 begins with {digest[:8]}, "
            f"the card says {wanted[:8]}; import or train it again"
        )
    return path


def lacking_member(name: str) -> str:
    """Why `find_member` has nothing for a name, and what to do."""
    place, _, file = name.rpartition("/")
    folder = _folder(Path(place))
    if folder is None:
        return _unknown(Path(place))
    if file == PARSER:
        return (
            f"there is no {file} in {folder}: make a folder with `avatarbench train "
            "parser`, or name that of a parser"
        )
    return (
        f"there is no {file} in {folder}: make the folder with `avatarbench train "
        "generator`, or import a checkpoint that holds both networks"
    )


def card_of(name: str, digest: str) -> Mapping[str, Any] | None:
    """The card of `NAME-OR-FOLDER/FILE`, where the folder still holds that very file.

    `digest` is the file's SHA-256 (hex). None for a folder that is gone or has others;
    raises WeightsError where there is something else than a card.
    """
    place, _, file = name.rpartition("/")
    folder = _folder(Path(place)) if is_member(name) else None
    if folder is None or not (folder / CARD).is_file():
        return None
    digests = _digests(folder) | {CARD: file_digest(folder / CARD)}
    same = digests.get(file) == digest
    return json.loads((folder / CARD).read_bytes()) if same else None


def shipped_twin(folder: Path) -> Path | None:
    """The folder of shipped weights that a weights folder is, or is a copy of; or None.

    They are told apart by their cards: weights that somebody trained have a card of
    their own, even where every number came out the same.
    """
    card = folder / CARD
    told = card.read_bytes() if card.is_file() else None
    shipped = sorted(SHIPPED.glob(f"*/{CARD}"))
    return next((c.parent for c in shipped if c.read_bytes() == told), None)


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of each file by name, as the folder's card gives them."""
    path = folder / CARD
    try:
        return dict(json.loads(path.read_bytes())["digests"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WeightsError(
            f"{path} is missing or no card of weights: make the folder again with "
            "`avatarbench train generator` or `avatarbench weights import`"
        ) from error
