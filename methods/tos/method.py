"""TOS: a face is drawn as an avatar, and its parameters are read off that drawing.

Wolf, Taigman, Polyak, "Unsupervised Creation of Parameterized Avatars" (ICCV 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.storage.digests import file_digest
from methods.base import FitContext, MethodError, MethodMeta, weight_files
from methods.f2p.alignment import TEMPLATES
from methods.f2p.relaxed import strict
from methods.f2p.similarity_networks import (
    SIMILARITY_NETWORKS,
    save_network_files,
    saved_network_files,
    similarity_files,
)
from methods.networks.lightcnn import WEIGHT_FILES
from methods.shared.pictures import check_faces
from methods.shared.saving import load_method, save_method
from methods.tos.descriptor import Descriptor
from methods.tos.options import TosOptions
from methods.tos.setup import TiedSetup, prepare_setup
from methods.tos.trace import traced
from methods.tos.training import TosNetworks, TrainedTos, restore_networks, trained_tos
from methods.tracing import Trace

DESCRIPTOR_FOLDER = "descriptor"
"""Folder of the descriptor's networks inside a saved method."""


@dataclass(frozen=True)
class _Fitted:
    """What predicting needs; `files` and `notes` are written into a saved method."""

    networks: TosNetworks
    descriptor: Descriptor
    files: Mapping[str, Path]
    notes: Mapping[str, Any]


class TOS:
    """Tied Output Synthesis: the parameters of a face x are c(G(x)), in one pass.

    G = g∘f draws x as an avatar; f is frozen. c reads parameters off the drawing. g and
    c are trained together, on faces without labels and on renders without their
    vectors. A frozen emulator of the engine, F2P's imitator, ties the drawings to what
    the engine can draw. A saved method contains f, g and c.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="tos",
        title="TOS",
        version="1.0",
        paper="TOS (Wolf, Taigman, Polyak, ICCV 2017)",
        licence="Apache-2.0",
        needs=tuple(WEIGHT_FILES.values()),
        pretrained=tuple(
            replace(part, source=part.source.replace("similarity.", "descriptor."))
            for part in SIMILARITY_NETWORKS
        ),
    )
    Options: ClassVar[type[TosOptions]] = TosOptions

    def __init__(self, options: TosOptions) -> None:
        self.options = options
        self._state: _Fitted | None = None

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """The files of the descriptor's networks whose parts have a weight."""
        return similarity_files(options.descriptor.networks)

    def fit(self, context: FitContext) -> None:
        """Train the emulator, then g and c; all of them are stages of the store."""
        self._train(self._prepare(context), context)

    def trace(self, context: FitContext) -> Trace:
        """The emulator, and what g, c and e draw of faces."""
        setup = self._prepare(context)
        trained = self._train(setup, context)
        return traced(context.engine, setup, trained, self.predict)

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Vectors for (n, 3, S, S) float32 faces in [-1, 1], S the input size.

        Faces pass through the networks one by one, so that a prediction depends on its
        own face only. Raises ValueError for other shapes and ranges.
        """
        fitted = self._fitted
        check_faces(faces, self.options.input_size)
        networks, frame = fitted.networks, TEMPLATES[self.options.descriptor.template]
        device = next(networks.parameters()).device
        rows = [torch.zeros(0, networks.spec.flat_size)]
        with torch.inference_mode():
            for face in faces:
                descriptor = fitted.descriptor.of(face[None].to(device), frame)
                rows.append(networks.reader(networks.decoder(descriptor)).cpu())
        return strict(networks.spec, torch.cat(rows))

    def save(self, folder: Path | str) -> None:
        """Write options, spec, g, c and the descriptor's networks."""
        fitted = self._fitted
        networks = fitted.networks
        tensors = networks.state_dict()
        spec, notes = networks.spec, fitted.notes
        save_method(folder, self.meta, self.options, spec, notes, tensors)
        own = Path(folder) / DESCRIPTOR_FOLDER
        save_network_files(self.options.descriptor.networks, fitted.files, own)

    @classmethod
    def load(cls, folder: Path | str, device: str = "cpu") -> Self:
        """Read what `save` wrote, to predict on `device`."""
        saved = load_method(folder, cls.meta)
        method = cls(TosOptions.model_validate(saved.options))
        options = method.options
        own = saved.folder / DESCRIPTOR_FOLDER
        files = saved_network_files(options.descriptor.networks, own)
        descriptor = Descriptor(files, options.descriptor, device)
        # Rounding depends on memory alignment, and tensors of a file are not aligned.
        tensors = {key: value.clone() for key, value in saved.tensors().items()}
        networks = restore_networks(
            saved.spec,
            descriptor.length,
            options.imitator.size,
            options.tied,
            tensors,
            device,
        )
        method._state = _Fitted(networks, descriptor, files, saved.extra)
        return method

    def _prepare(self, context: FitContext) -> TiedSetup:
        return prepare_setup(self.options, context, self._weight_files(context))

    def _train(self, setup: TiedSetup, context: FitContext) -> TrainedTos:
        """Train the networks of a setup and keep them for predictions."""
        trained = trained_tos(setup, context.store, context.progress)
        files = self._weight_files(context)
        notes = {
            "imitator": setup.emulator.digest,
            "tied_output": trained.digest,
            "measures": {**setup.emulator.measures, **trained.measures},
            "files": {name: file_digest(path) for name, path in files.items()},
        }
        self._state = _Fitted(trained.networks, setup.descriptor, files, notes)
        return trained

    def _weight_files(self, context: FitContext) -> dict[str, Path]:
        """The weight files to read; MethodError where the context lacks one."""
        names = self.required_weights(self.options)
        return weight_files(context, names, self.meta.name, "descriptor")

    @property
    def _fitted(self) -> _Fitted:
        if self._state is None:
            raise MethodError(f"{self.meta.name} is not fitted: call fit or load first")
        return self._state
