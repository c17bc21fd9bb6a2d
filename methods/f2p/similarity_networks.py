"""The networks of the similarity: their weight files, and copies in saved methods.

A saved method predicts on other machines, so it contains copies of the files:

    identity.safetensors       LightCNN's weights
    parser/                    the parser's folder: its card and its weights
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file

from benchmark.weights.folders import CARD, PARSER
from methods.base import MethodError, PretrainedPart
from methods.f2p.content import Content, content_files
from methods.f2p.identity import Identity, identity_files
from methods.f2p.options import SimilarityOptions
from methods.f2p.similarity import SimilarityTerm
from methods.networks.lightcnn import load_lightcnn

IDENTITY_FILE, PARSER_FOLDER = "identity.safetensors", "parser"

SIMILARITY_NETWORKS = (
    PretrainedPart(
        "LightCNN",
        "option `similarity.identity`; by default V4",
        "faces of celebrities",
        "MIT",
    ),
    PretrainedPart(
        "face parser",
        "option `similarity.parser`; by default the project's own",
        "portraits with part maps (see the card of the weights)",
        "see the card of the weights",
    ),
)
"""The pretrained networks that F2P and F2P v2 use."""


def similarity_files(options: SimilarityOptions) -> tuple[str, ...]:
    """Names of the weight files (benchmark.weights) that these options read."""
    identity = identity_files(options.identity) if options.identity_weight else ()
    content = content_files(options.parser) if options.content_weight else ()
    return (*identity, *content)


def open_terms(
    options: SimilarityOptions, weights: Mapping[str, Path], device: str
) -> dict[str, SimilarityTerm]:
    """The terms with a weight above 0, by name; their networks are frozen on `device`.

    Raises MethodError where no term has a weight or `weights` lacks a file, and
    WeightsError for a file that does not hold the network of its name.
    """
    if not similarity_files(options):
        raise MethodError(
            "identity_weight and content_weight are both 0, so no distance can be "
            "measured: give one of them a weight"
        )
    terms: dict[str, SimilarityTerm] = {}
    if options.identity_weight:
        terms["identity"] = Identity(weights, options, device)
    if options.content_weight:
        terms["content"] = Content(weights, options, device)
    return terms


def save_network_files(
    options: SimilarityOptions, weights: Mapping[str, Path], folder: Path
) -> None:
    """Copy the files that `open_terms` reads into `folder`, which is created.

    A checkpoint of LightCNN is converted to safetensors: no pickle is copied.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in similarity_files(options):
        if name in identity_files(options.identity):
            network = load_lightcnn(options.identity, weights[name])
            save_file(network.state_dict(), folder / IDENTITY_FILE)
        else:
            (folder / PARSER_FOLDER).mkdir(exist_ok=True)
            target = folder / PARSER_FOLDER / weights[name].name
            if target != weights[name]:
                shutil.copyfile(weights[name], target)


def saved_network_files(options: SimilarityOptions, folder: Path) -> dict[str, Path]:
    """The copies of `save_network_files` in `folder`, by the weight files' names."""
    return {
        name: folder / IDENTITY_FILE
        if name in identity_files(options.identity)
        else folder / PARSER_FOLDER / (CARD if name.endswith(CARD) else PARSER)
        for name in similarity_files(options)
    }
