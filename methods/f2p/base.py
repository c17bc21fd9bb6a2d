"""What F2P and F2P v2 share: weight files, saving and loading."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from torch import Tensor, nn

from benchmark.avatars import AvatarSpec
from methods.base import FitContext, MethodError, MethodMeta, weight_files
from methods.f2p.options import SharedOptions, SimilarityOptions
from methods.f2p.prior import MEAN, Prior
from methods.f2p.similarity_networks import save_network_files, saved_network_files
from methods.shared.saving import load_method, save_method

SIMILARITY_FOLDER = "similarity"
"""Folder of the similarity's networks inside a saved method."""


@dataclass(frozen=True)
class FittedState:
    """What a fitted method needs to predict.

    Attributes:
        spec: the engine's parameters.
        network: the imitator (F2P) or the translator (F2P v2).
        prior: the facial prior; None without one.
        files: weight files of the similarity's networks, by name.
        notes: digests and measures that are written into a saved method.
    """

    spec: AvatarSpec
    network: nn.Module
    prior: Prior | None
    files: Mapping[str, Path]
    notes: Mapping[str, Any]


@dataclass(frozen=True)
class SavedState:
    """The same as read from a folder; `tensors` is the network's state dict."""

    spec: AvatarSpec
    tensors: dict[str, Tensor]
    prior: Prior | None
    files: Mapping[str, Path]
    notes: Mapping[str, Any]


OptionsT = TypeVar("OptionsT", bound=SharedOptions)
StateT = TypeVar("StateT", bound=FittedState)


class F2PBase(ABC, Generic[OptionsT, StateT]):
    """Options, weight checks, `save` and `load` of F2P and F2P v2."""

    meta: ClassVar[MethodMeta]
    Options: ClassVar[Any]
    _prefix: ClassVar[str]
    """Start of the names of the network's tensors in a saved method."""

    def __init__(self, options: OptionsT) -> None:
        self.options = options
        self._state: StateT | None = None

    @classmethod
    @abstractmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """Names of the weight files that a fit with these options reads."""

    def save(self, folder: Path | str) -> None:
        """Write options, spec, network, prior and the similarity's networks."""
        fitted = self._fitted
        network = fitted.network.state_dict()
        prior = fitted.prior.tensors() if fitted.prior is not None else {}
        save_method(
            folder,
            self.meta,
            self.options,
            fitted.spec,
            fitted.notes,
            {**{f"{self._prefix}{key}": v for key, v in network.items()}, **prior},
        )
        similarity = Path(folder) / SIMILARITY_FOLDER
        save_network_files(self._similarity_to_save(), fitted.files, similarity)

    @classmethod
    def load(cls, folder: Path | str, device: str = "cpu") -> Self:
        """Read what `save` wrote, to predict on `device`."""
        saved = load_method(folder, cls.meta)
        method = cls(cls.Options.model_validate(saved.options))
        # Rounding depends on memory alignment, and tensors of a file are not aligned.
        tensors = {key: value.clone() for key, value in saved.tensors().items()}
        network = {
            key.removeprefix(cls._prefix): value
            for key, value in tensors.items()
            if key.startswith(cls._prefix)
        }
        similarity = saved.folder / SIMILARITY_FOLDER
        state = SavedState(
            saved.spec,
            network,
            Prior.of(tensors, device) if MEAN in tensors else None,
            saved_network_files(method._similarity_to_save(), similarity),
            saved.extra,
        )
        method._state = method._restore(state, device)
        return method

    @abstractmethod
    def _restore(self, saved: SavedState, device: str) -> StateT:
        """The fitted state of a saved one, with its networks on `device`."""

    def _similarity_to_save(self) -> SimilarityOptions:
        """Options of the networks that a saved method contains."""
        return self.options.similarity

    def _weight_files(self, context: FitContext) -> dict[str, Path]:
        """The weight files to read; MethodError where the context lacks one."""
        names = self.required_weights(self.options)
        return weight_files(context, names, self.meta.name, "similarity")

    @property
    def _fitted(self) -> StateT:
        if self._state is None:
            raise MethodError(f"{self.meta.name} is not fitted: call fit or load first")
        return self._state
