"""The designers' studio: people create the ground truth of faces in the browser."""
