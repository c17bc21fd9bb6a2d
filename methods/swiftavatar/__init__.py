"""SwiftAvatar (Wang et al., AAAI 2023): dual-domain generators, pairs, estimator."""
