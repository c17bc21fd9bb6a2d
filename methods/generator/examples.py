"""Deterministic batches of real pictures with one-hot part maps."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars.counting import counted
from benchmark.faces.parsed import ParsedFaces
from methods.shared.pictures import as_tensor
from methods.shared.randomness import generator_of


def one_hot(parsing: Tensor, parts: int) -> Tensor:
    """(n, parts, S, S) maps of -1 and 1, channels last, from (n, S, S) part ids."""
    # Scattered in place: int64 one-hot maps at 512 px take twice the memory and time.
    maps = torch.full((*parsing.shape, parts), -1.0)
    return maps.scatter_(3, parsing.long()[..., None], 1.0).movedim(3, 1)


class Examples:
    """Batches of faces, shuffled in each epoch and split over processes.

    The batch of iteration k and rank r depends on the seed, k and r only. The next
    batch is read in the background.
    """

    def __init__(self, faces: ParsedFaces, parts: int, batch: int, seed: int) -> None:
        if len(faces) < batch:
            raise ValueError(
                f"{faces.name} has {counted(len(faces), 'face')}; a batch needs {batch}"
            )
        self._faces = faces
        self._parts = parts
        self._batch = batch
        self._seed = seed
        self._reader = ThreadPoolExecutor(1)
        self._ahead: tuple[int, Future[tuple[Tensor, Tensor]]] | None = None

    def indices(self, iteration: int) -> NDArray[np.int64]:
        """Indices of an iteration's faces, over all processes."""
        epochs = len(self._faces) // self._batch
        epoch, place = divmod(iteration, epochs)
        order = generator_of(self._seed, "epoch", epoch)
        shuffled = torch.randperm(len(self._faces), generator=order).numpy()
        return shuffled[place * self._batch : (place + 1) * self._batch]

    def take(self, iteration: int, rank: int, ranks: int) -> tuple[Tensor, Tensor]:
        """This rank's (pictures, one-hot maps) of an iteration, on the CPU."""
        if self._ahead is not None and self._ahead[0] == iteration:
            batch = self._ahead[1].result()
        else:
            batch = self._read(iteration, rank, ranks)
        after = self._reader.submit(self._read, iteration + 1, rank, ranks)
        self._ahead = (iteration + 1, after)
        return batch

    def close(self) -> None:
        """Stop reading ahead."""
        self._reader.shutdown(cancel_futures=True)

    def _read(self, iteration: int, rank: int, ranks: int) -> tuple[Tensor, Tensor]:
        chosen = self.indices(iteration)[rank::ranks]
        pictures, parsing = self._faces.batch(chosen)
        return as_tensor(pictures), one_hot(torch.from_numpy(parsing), self._parts)
