"""torch.compile compiles the networks without graph breaks."""

import torch

from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator

WIDTHS = {4: 4, 8: 4, 16: 4}


def test_the_networks_compile_without_graph_breaks():
    torch.manual_seed(0)
    generator = SemanticGenerator(
        size=16,
        style_dim=4,
        n_mlp=1,
        seg_dim=3,
        local_layers=2,
        local_channel=4,
        depth_layers=1,
        coarse_size=8,
        coarse_channel=4,
        min_feat_size=4,
        transparent_dims=(2,),
        channels=WIDTHS,
    )
    discriminator = SemanticDiscriminator(16, 3, channels=WIDTHS)
    latents = torch.randn(2, generator.layout.rows, 4)

    def score(latents):
        made = generator([latents], input_is_latent=True)
        return discriminator(made.image, made.seg)

    compiled = torch.compile(score, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(latents), score(latents))
