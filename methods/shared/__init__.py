"""What several methods use: pictures, renders, random numbers, saving, traces."""
