"""People: one's own page, and what others may see of somebody."""
