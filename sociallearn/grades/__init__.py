"""Participation grades: rules, points, receipts, and scores that arrive at the LMS."""
