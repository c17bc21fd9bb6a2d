"""AgileAvatar."""
