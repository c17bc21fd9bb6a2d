"""Steps from one shape of the tables to the next; never change one that shipped."""
