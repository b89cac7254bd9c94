"""What people write: Markdown to safe HTML, their own words, and how much one text repeats another."""
