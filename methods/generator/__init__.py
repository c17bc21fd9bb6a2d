"""SemanticStyleGAN (Shi et al., CVPR 2022): training, evaluation and weight files."""
