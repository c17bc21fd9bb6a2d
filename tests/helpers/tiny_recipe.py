"""The networks of every tiny generator: an iteration takes milliseconds."""

SIZE = 16
WIDTHS = {4: 4, 8: 4, 16: 4}
NETWORKS = {
    "generator": {
        "size": SIZE,
        "style_dim": 4,
        "n_mlp": 1,
        "local_layers": 2,
        "local_channel": 4,
        "base_layers": 1,
        "depth_layers": 1,
        "coarse_size": 8,
        "coarse_channel": 4,
        "min_feat_size": 4,
        "channels": WIDTHS,
    },
    "discriminator": {"channels": WIDTHS},
    "objective": {"r1_every": 3, "path_every": 2, "r1_seg": 10, "mask": 10},
}
