"""Avatar engines: black boxes that render avatar vectors to pictures."""
