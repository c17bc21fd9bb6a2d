"""Files on disk: the stage store, batch files, locks, trial folders and digests."""
