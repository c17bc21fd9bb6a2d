"""SwiftAvatar (Wang et al., AAAI 2023): generators, paired data and the method."""
