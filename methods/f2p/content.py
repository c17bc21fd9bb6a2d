"""Content: the distance of facial parts (TPAMI 2022, section 3.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from benchmark.avatars.part_classes import PART_NAMES
from benchmark.storage.digests import bytes_digest, file_digest
from benchmark.weights.folders import CARD, PARSER
from methods.base import MethodError
from methods.f2p.alignment import TEMPLATES, Frame, align, placement_of
from methods.f2p.options import SimilarityOptions
from methods.f2p.parser_weights import ParserCard, load_parser, read_parser_card


def content_files(parser: str) -> tuple[str, ...]:
    """Names of the weight files that `Content` reads, of a parser's folder or name."""
    return f"{parser}/{CARD}", f"{parser}/{PARSER}"


class Content:
    """|| w(y) F(y) - w(r) F(r) || of two pictures y and r, under a frozen face parser.

    F are the parser's features. The weight w of a location is the sum of its class
    probabilities times `SimilarityOptions.parts`. Pictures are aligned like the
    parser's training faces. `digest` covers all that features depend on.
    """

    digest: str

    def __init__(
        self,
        weights: Mapping[str, Path],
        options: SimilarityOptions,
        device: str = "cpu",
    ) -> None:
        """Load the parser; MethodError where `weights` lacks its file.

        Raises WeightsError where its folder is incomplete or was changed.
        """
        _, name = content_files(options.parser)
        if name not in weights:
            raise MethodError(
                f"content needs the weight file {name}: train a parser with "
                "`avatarbench train parser`, or name another in the option parser"
            )
        folder = weights[name].parent
        self._parser = load_parser(folder, device)
        card = read_parser_card(folder)
        self._placement = placement_of(TEMPLATES[card.template], self._parser.size)
        self.digest = _digest(weights[name], card, options)
        self._reduction = options.content_reduction
        values = [getattr(options.parts, part) for part in PART_NAMES]
        self._parts = torch.tensor(values, device=device).view(1, -1, 1, 1)

    def features(self, pictures: Tensor, frame: Frame) -> Tensor:
        """(n, C, h, w) weighted features of (n, 3, S, S) RGB pictures in [-1, 1].

        Differentiable in the pictures. Raises ValueError for another shape or range.
        """
        parsed = self._parser.read(align(pictures, frame, self._placement))
        weight = (parsed.probabilities * self._parts).sum(dim=1, keepdim=True)
        return weight * parsed.features

    def distance(self, candidates: Tensor, targets: Tensor) -> Tensor:
        """(n,) mean or sum of the absolute differences over locations and channels."""
        differences = (candidates - targets).abs().flatten(1)
        if self._reduction == "sum":
            return differences.sum(dim=1)
        return differences.mean(dim=1)


def _digest(file: Path, card: ParserCard, options: SimilarityOptions) -> str:
    built = card.model_dump(mode="json", include={"network", "parser", "template"})
    parts = options.parts.model_dump_json()
    text = f"{file_digest(file)} {json.dumps(built, sort_keys=True)} {parts}"
    return bytes_digest(text.encode())
