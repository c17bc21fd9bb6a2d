"""Reports: tables, figures, HTML pages and human studies."""
