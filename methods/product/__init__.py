"""The product estimator of `avatarbench create`, which is not benchmarked."""
