"""SemanticStyleGAN trained, measured, kept: everything around the networks."""
