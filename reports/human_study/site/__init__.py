"""The rating site: participants rate avatars in the browser."""
