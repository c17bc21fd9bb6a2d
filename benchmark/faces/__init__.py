"""Face sets: aligned portraits with splits, licences and, if known, ground truth."""
