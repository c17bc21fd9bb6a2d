"""A masked autoencoder of pictures: a vision transformer and its decoder.

He et al., "Masked Autoencoders Are Scalable Vision Learners" (CVPR 2022). There is no
class token, because nothing here reads one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

MLP_RATIO = 4
"""Width of the hidden layer of a transformer block, in widths of its tokens."""
POOLED_SIDE = 4
"""Rows and columns of the token grid in a feature vector."""
WAVELENGTH = 10_000.0
"""The longest wavelength of the position encoding, in patches, over 2 pi."""
VARIANCE_FLOOR = 1e-6


class PictureEncoder(nn.Module):
    """A vision transformer with fixed sine-cosine positions.

    Args:
        size: side of the pictures in pixels, a multiple of `patch`.
        patch: side of a patch in pixels.
        width: of a token, a multiple of 4 and of `heads`.
        depth: number of transformer blocks.
        heads: attention heads.
    """

    positions: Tensor

    def __init__(
        self, size: int, patch: int, width: int, depth: int, heads: int
    ) -> None:
        super().__init__()
        self.size, self.patch, self.side, self.width = size, patch, size // patch, width
        self.embed = nn.Linear(3 * patch**2, width)
        positions = sine_cosine_positions(self.side, width)
        self.register_buffer("positions", positions, persistent=False)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.apply(_initialise)

    @property
    def feature_size(self) -> int:
        """Length of a vector of `features`."""
        return self.width * (1 + min(self.side, POOLED_SIDE) ** 2)

    def forward(self, pictures: Tensor, kept: Tensor | None = None) -> Tensor:
        """Tokens of (n, 3, size, size) pictures in [-1, 1]: (n, k, width).

        `kept` holds the (n, k) indices of the visible patches; without it, all patches
        are visible, in the order of `as_patches`.
        """
        tokens = self.embed(as_patches(pictures, self.patch)) + self.positions
        if kept is not None:
            tokens = _rows(tokens, kept)
        return self.norm(self.blocks(tokens))

    def features(self, pictures: Tensor) -> Tensor:
        """(n, feature_size) feature vectors of (n, 3, size, size) pictures in [-1, 1].

        It is the mean of all tokens, joined with the tokens averaged on a grid.
        """
        tokens = self(pictures)
        shape = (len(tokens), self.width, self.side, self.side)
        grid = tokens.transpose(1, 2).reshape(shape)
        pooled = functional.adaptive_avg_pool2d(grid, min(self.side, POOLED_SIDE))
        return torch.cat([tokens.mean(dim=1), pooled.flatten(1)], dim=1)


class MaskedAutoencoder(nn.Module):
    """An encoder of visible patches and a decoder that reconstructs the hidden ones.

    Args:
        encoder: the encoder.
        width: of a token of the decoder, a multiple of 4 and of `heads`.
        depth: transformer blocks of the decoder.
        heads: attention heads of the decoder.
        hidden_share: share of the patches that are hidden.
    """

    positions: Tensor

    def __init__(
        self,
        encoder: PictureEncoder,
        width: int,
        depth: int,
        heads: int,
        hidden_share: float,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.count = encoder.side**2
        self.visible = max(1, round(self.count * (1 - hidden_share)))
        self.enter = nn.Linear(encoder.width, width)
        self.hidden_token = nn.Parameter(torch.zeros(width))
        positions = sine_cosine_positions(encoder.side, width)
        self.register_buffer("positions", positions, persistent=False)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.draw = nn.Linear(width, 3 * encoder.patch**2)
        for part in (self.enter, self.blocks, self.draw):
            part.apply(_initialise)
        nn.init.normal_(self.hidden_token, std=0.02)

    def orders(self, count: int, generator: torch.Generator) -> Tensor:
        """(count, patches) random orders of patches; the first ones stay visible."""
        return torch.rand(count, self.count, generator=generator).argsort(dim=1)

    def forward(self, pictures: Tensor, orders: Tensor) -> Tensor:
        """Reconstruct all patches from the visible ones: (n, patches, 3 patch**2).

        The values are those of `normalised` patches. `orders` are those of `orders`.
        """
        kept = orders[:, : self.visible]
        seen = self.enter(self.encoder(pictures, kept))
        missing = self.hidden_token.expand(len(seen), self.count - self.visible, -1)
        tokens = _rows(torch.cat([seen, missing], dim=1), orders.argsort(dim=1))
        return self.draw(self.norm(self.blocks(tokens + self.positions)))

    def loss(self, pictures: Tensor, orders: Tensor) -> Tensor:
        """Mean squared error on the hidden patches, for each picture: (n,)."""
        expected = normalised(as_patches(pictures, self.encoder.patch))[0]
        apart = (self(pictures, orders) - expected).square().mean(dim=2)
        return apart.gather(1, orders[:, self.visible :]).mean(dim=1)


class Block(nn.Module):
    """A transformer block: attention, then two linear layers, each added to its input.

    Both read normalised tokens (Dosovitskiy et al., "An Image is Worth 16x16 Words",
    ICLR 2021).
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.before_layers = nn.LayerNorm(width)
        self.layers = nn.Sequential(
            nn.Linear(width, MLP_RATIO * width),
            nn.GELU(),
            nn.Linear(MLP_RATIO * width, width),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (n, k, width) tokens to (n, k, width)."""
        tokens = tokens + self._attention(self.before_attention(tokens))
        return tokens + self.layers(self.before_layers(tokens))

    def _attention(self, tokens: Tensor) -> Tensor:
        number, count, width = tokens.shape
        shape = (number, count, 3, self.heads, width // self.heads)
        queries, keys, values = self.attend(tokens).view(shape).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(queries, keys, values)
        return self.join(found.transpose(1, 2).reshape(number, count, width))


def as_patches(pictures: Tensor, patch: int) -> Tensor:
    """Cut (n, 3, S, S) pictures into (n, (S / patch)**2, 3 patch**2), row by row."""
    return functional.unfold(pictures, patch, stride=patch).transpose(1, 2)


def as_pictures(patches: Tensor, patch: int, size: int) -> Tensor:
    """Join what `as_patches` cut: (n, 3, size, size)."""
    return functional.fold(patches.transpose(1, 2), size, patch, stride=patch)


def normalised(patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Patches with mean 0 and standard deviation 1, and the mean and deviation of each.

    The last two have the shape (n, patches, 1).
    """
    mean = patches.mean(dim=2, keepdim=True)
    deviation = (patches.var(dim=2, keepdim=True) + VARIANCE_FLOOR).sqrt()
    return (patches - mean) / deviation, mean, deviation


def sine_cosine_positions(side: int, width: int) -> Tensor:
    """(side**2, width) codes of the places of a grid, row by row.

    A quarter of the numbers are sines of the row, a quarter its cosines, and the rest
    those of the column. Wavelengths form a geometric sequence.
    """
    rates = WAVELENGTH ** -(torch.arange(width // 4, dtype=torch.float64) * 4 / width)
    angles = torch.arange(side, dtype=torch.float64)[:, None] * rates
    line = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows = line[:, None].expand(side, side, -1)
    columns = line[None].expand(side, side, -1)
    return torch.cat([rows, columns], dim=2).reshape(side**2, -1).float()


def _rows(tokens: Tensor, indices: Tensor) -> Tensor:
    """Tokens (n, k, width) at (n, m) indices: (n, m, width)."""
    return tokens.gather(1, indices[:, :, None].expand(-1, -1, tokens.shape[2]))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
