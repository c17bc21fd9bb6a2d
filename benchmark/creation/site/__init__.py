"""The page of `avatarbench create serve`: from a picture to an avatar to adjust."""
