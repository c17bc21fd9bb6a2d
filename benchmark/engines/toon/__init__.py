"""The toon engines: our own artwork, drawn as SVG, with the parameters of the paper."""
