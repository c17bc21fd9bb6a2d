"""Every figure of a run or a training."""
