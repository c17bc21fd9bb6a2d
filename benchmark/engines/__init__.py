"""Avatar engines: black boxes that draw avatar vectors."""
