"""Builds the translator's training setup from the context of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from numpy.typing import NDArray

from methods.base import FitContext
from methods.estimator.augmentation import Augmentation
from methods.f2p.alignment import TEMPLATES, Frame
from methods.f2p.comparison import SimilarityNetwork
from methods.f2p.content import Content
from methods.f2p.features import Features, features_of
from methods.f2p.identity import Identity
from methods.f2p.imitation import TrainedImitator, imitator_renders
from methods.f2p.landmarks import find_landmarks
from methods.f2p.options import F2PV2Options, TranslatorOptions
from methods.f2p.similarity import SimilarityTerm
from methods.f2p.training_setup import Faces, TrainingSetup
from methods.f2p.warm_start import WarmPairs


def prepare_training_setup(
    imitator: TrainedImitator,
    identity: Identity,
    files: Mapping[str, Path],
    options: F2PV2Options,
    context: FitContext,
) -> TrainingSetup:
    """The setup for a context's faces and engine.

    Features of the faces are stages of the store, and those of the warm start's renders
    too. Both are augmented if `options.translator.augmentation` says so. Where the
    content has a weight, its parser is read from `files`. The positions of eyes and
    mouth in the engine's avatars are measured on a few renders.
    """
    weights = options.similarity
    terms: dict[str, SimilarityTerm] = {"identity": identity}
    if weights.content_weight:
        terms["content"] = Content(files, weights, context.device)
    avatars = find_landmarks(context.engine).frame
    similarity = SimilarityNetwork(terms, TEMPLATES[weights.template], avatars)
    return TrainingSetup(
        imitator,
        similarity,
        _face_features(similarity, options.translator, context),
        _warm_pairs(similarity, options, context),
        options.translator,
        weights,
        context.seed,
        context.device,
    )


def _face_features(
    similarity: SimilarityNetwork, options: TranslatorOptions, context: FitContext
) -> Faces:
    """Features of the first `options.faces` train faces; None means all."""
    count, augmentation = options.faces, options.augmentation
    pictures, digest = context.faces.images[:count], context.faces.digest
    if count is not None:
        digest = f"{digest} {count}"
    identity, content = (
        _features(
            name, pictures, digest, similarity, similarity.faces, augmentation, context
        )
        if name in similarity.terms
        else None
        for name in ("identity", "content")
    )
    assert identity is not None
    return Faces(identity, content)


def _warm_pairs(
    similarity: SimilarityNetwork, options: F2PV2Options, context: FitContext
) -> WarmPairs | None:
    """The imitator's first renders, or None without a warm start."""
    if not options.translator.warm_steps:
        return None
    renders = imitator_renders(context, options)
    count = min(options.translator.warm_samples, options.samples)
    pictures, digest = renders.pictures[:count], f"{renders.digest} {count}"
    frame, augmentation = similarity.avatars, options.translator.augmentation
    embeddings = _features(
        "identity", pictures, digest, similarity, frame, augmentation, context
    )
    return WarmPairs(embeddings, renders.vectors[:count])


def _features(
    name: str,
    pictures: NDArray,
    digest: str,
    similarity: SimilarityNetwork,
    frame: Frame,
    augmentation: Augmentation | None,
    context: FitContext,
) -> Features:
    kind = "faces" if frame is similarity.faces else "renders"
    return features_of(
        pictures,
        digest,
        similarity.terms[name],
        frame,
        context.store,
        context.progress,
        context.device,
        f"{name} features of {kind}",
        augmentation,
        None if augmentation is None else context.seed,
    )
