"""What lies on disk: the stage store, locks, trial folders, digests."""
