"""What waits for a trainer today, and a friendly word to whoever needs a hand."""
