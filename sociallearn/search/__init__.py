"""Search: an index over every text of a cohort, and what one member may find in it."""
