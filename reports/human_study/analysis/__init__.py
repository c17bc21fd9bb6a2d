"""What people read about a rating study: Table 2, and how far it can be trusted."""
