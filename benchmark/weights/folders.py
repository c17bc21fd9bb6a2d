"""Weights folders: folders of trained or imported networks with a card.

A weights folder holds a generator and its discriminator, a face parser or the product
estimator, and a `card.json` with their digests. It has a name if it is in the cache
folder or comes with the package. A file of it is requested as
`NAME/generator.safetensors` or `PATH/generator.safetensors`. The networks are read by
`methods.generator.pretrained`, `methods.f2p.parser_weights` and
`methods.product.weights`. The product estimator is no weight file of a suite.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from benchmark.storage.digests import file_digest
from benchmark.storage.unwritable import cannot_write

SHIPPED = Path(str(files("methods"))) / "weights"
"""The weights folders that come with the package."""
SHIPPED_STAGES = SHIPPED / "stages"
"""Finished stages that come with the package, laid out like a store."""

CARD: Final = "card.json"
GENERATOR: Final = "generator.safetensors"
DISCRIMINATOR: Final = "discriminator.safetensors"
PARSER: Final = "parser.safetensors"
ESTIMATOR: Final = "estimator.safetensors"


class WeightsError(RuntimeError):
    """A weight file is unknown, damaged or unavailable; the message says why."""


def cache_folder() -> Path:
    """$AVATARBENCH_CACHE, or by default ~/.cache/avatarbench/weights.

    Raises WeightsError if there is no home directory.
    """
    given = os.environ.get("AVATARBENCH_CACHE")
    try:
        return Path(given or "~/.cache/avatarbench/weights").expanduser()
    except RuntimeError as error:
        raise WeightsError(
            "there is no home directory for the folder of weights: set HOME, or set "
            "AVATARBENCH_CACHE to a folder without ~"
        ) from error


def is_hidden(folder: Path) -> bool:
    """Whether its name stands for weights of the package, and not for this folder."""
    return (SHIPPED / folder.name / CARD).is_file() and (
        folder.absolute().parent.resolve() == cache_folder().resolve()
    )


def require_visible(folder: Path) -> None:
    """Raise WeightsError where the name of a new folder has another meaning."""
    if is_hidden(folder):
        raise WeightsError(
            f"{folder} cannot be used: {folder.name} is the name of weights that come "
            "with the package; give a folder with another name"
        )


def require_free(folder: Path) -> None:
    """Raise WeightsError where the folder exists or its name has another meaning."""
    require_visible(folder)
    if folder.exists() or folder.is_symlink():
        raise WeightsError(
            f"{folder} exists already; remove it first, or give another folder"
        )


@contextmanager
def new_weights_folder(folder: Path) -> Iterator[Path]:
    """A folder to write; it gets its name only if nothing fails.

    Raises WeightsError where the folder exists or cannot be written.
    """
    require_free(folder)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        partial.rename(folder)
    except OSError as error:
        raise WeightsError(
            cannot_write(folder, error, "give another folder")
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def known_weights() -> dict[str, Path]:
    """Weights folders by name: those in the cache, then those of the package."""
    return {
        card.parent.name: card.parent
        for place in (cache_folder(), SHIPPED)
        for card in sorted(place.glob(f"*/{CARD}"))
    }


def find_weights(folder_or_name: Path) -> Path:
    """The weights folder of a path or name.

    Raises WeightsError, which lists the known names, if there is none.
    """
    found = _folder(folder_or_name)
    if found is None:
        raise WeightsError(_unknown(folder_or_name))
    return found


def _folder(folder_or_name: Path) -> Path | None:
    if folder_or_name.exists():
        return folder_or_name
    return known_weights().get(str(folder_or_name))


HOW_TO_GET: Final = {
    "CelebAMask-HQ-512x512": (
        "download CelebAMask-HQ-512x512.pt from release 1.0.0 of "
        "github.com/seasonSH/SemanticStyleGAN, then run `avatarbench weights import "
        "CelebAMask-HQ-512x512.pt`"
    ),
    "celebamask": (
        "train a face parser on CelebAMask-HQ (github.com/switchablenorms/"
        "CelebAMask-HQ) with `avatarbench train parser CelebAMask-HQ --device cuda "
        "--export celebamask`"
    ),
    "random512": "run `avatarbench weights random random512`",
}
"""How to get weights that a built-in suite names and that are neither shipped nor
fetched."""


def _unknown(folder_or_name: Path) -> str:
    if remedy := HOW_TO_GET.get(str(folder_or_name)):
        return f"the weights {folder_or_name} are not at hand: {remedy}"
    known = known_weights()
    names = f", or one of {', '.join(known)}" if known else ""
    return (
        f"{folder_or_name} is neither a folder nor a name of weights: give a folder "
        f"made by `train` or `weights import`{names}"
    )


def is_member(name: str) -> bool:
    """Whether a weight file's name refers to a file of a weights folder."""
    files = {CARD, GENERATOR, DISCRIMINATOR, PARSER}
    return "/" in name and name.rpartition("/")[2] in files


def find_member(name: str) -> Path | None:
    """Path of `NAME-OR-FOLDER/FILE`, or None if it does not exist.

    Raises WeightsError if its digest is not the one in the card.
    """
    place, _, file = name.rpartition("/")
    folder = _folder(Path(place))
    if folder is None or not (folder / file).is_file():
        return None
    return check_member(folder / file)


def check_member(path: Path) -> Path:
    """Return `path` if its digest is the one in the card; else raise WeightsError.

    The card itself has no digest; only its format is checked.
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


def explain_missing_member(name: str) -> str:
    """Why `find_member` returns None for a name, and what to do about it."""
    place, _, file = name.rpartition("/")
    folder = _folder(Path(place))
    if folder is None:
        return _unknown(Path(place))
    if file == PARSER:
        return (
            f"{folder} has no {file}: create one with `avatarbench train parser`, or "
            "name the folder of a parser"
        )
    return (
        f"{folder} has no {file}: create the folder with `avatarbench train "
        "generator`, or import a checkpoint that holds both networks"
    )


def card_of(name: str, digest: str) -> Mapping[str, Any] | None:
    """The card of `NAME-OR-FOLDER/FILE` if that file has the SHA-256 (hex) `digest`.

    Returns None if the folder is missing or holds another file. Raises WeightsError if
    the card is invalid.
    """
    place, _, file = name.rpartition("/")
    folder = _folder(Path(place)) if is_member(name) else None
    if folder is None or not (folder / CARD).is_file():
        return None
    digests = _digests(folder) | {CARD: file_digest(folder / CARD)}
    same = digests.get(file) == digest
    return json.loads((folder / CARD).read_bytes()) if same else None


def shipped_original(folder: Path) -> Path | None:
    """The weights folder of the package that `folder` is or was copied from, or None.

    Cards are compared: weights that a user trained have their own card, even if all
    numbers are the same.
    """
    card = folder / CARD
    content = card.read_bytes() if card.is_file() else None
    shipped = sorted(SHIPPED.glob(f"*/{CARD}"))
    return next((c.parent for c in shipped if c.read_bytes() == content), None)


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of each file by name, from the folder's card."""
    path = folder / CARD
    try:
        return dict(json.loads(path.read_bytes())["digests"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WeightsError(
            f"{path} is missing or invalid: create the folder again with "
            "`avatarbench train generator` or `avatarbench weights import`"
        ) from error
