"""Rating studies with people: design, site, forms, studio and analysis."""
