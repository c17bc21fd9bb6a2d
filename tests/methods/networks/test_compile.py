"""torch.compile compiles the networks without graph breaks."""

import pytest
import torch
from tiny_recipe import NETWORKS, SIZE

from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator


@pytest.mark.slow
def test_the_networks_compile_without_graph_breaks():
    torch.manual_seed(0)
    changes = {"seg_dim": 3, "base_layers": 2, "transparent_dims": (2,)}
    generator = SemanticGenerator(**NETWORKS["generator"] | changes)
    discriminator = SemanticDiscriminator(SIZE, 3, **NETWORKS["discriminator"])
    latents = torch.randn(2, generator.layout.rows, 4)

    def score(latents):
        made = generator([latents], input_is_latent=True)
        return discriminator(made.image, made.seg)

    compiled = torch.compile(score, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(latents), score(latents))
