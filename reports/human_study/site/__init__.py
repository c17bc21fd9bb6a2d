"""The rating site: volunteers choose, every acknowledged choice is stored once."""
