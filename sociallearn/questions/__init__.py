"""Peer Q&A: ask, answer, accept."""
