"""What concerns somebody, told once: a list in the tool, and at most one mail a day. Listens; no act knows of it."""
