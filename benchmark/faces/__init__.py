"""Face sets: aligned portraits with splits, licences and, where known, truths."""
