"""Placing: what a trainer puts into the course from the LMS's own dialog, and what a copy of the course keeps of it."""
