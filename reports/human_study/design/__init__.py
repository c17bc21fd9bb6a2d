"""The design of a study: trials, assignments, key and files, frozen in a folder."""
