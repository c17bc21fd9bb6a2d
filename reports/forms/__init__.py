"""What people fill in: rating studies on paper, offline and on a site."""
