"""Code that several methods share: pictures, renders, seeds, saving, traces."""
