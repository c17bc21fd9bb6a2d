"""What a study shows to whom, frozen in a folder."""
