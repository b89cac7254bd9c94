"""Hiding with a reason, and the decision log."""
