"""Starter questions: one act of a trainer that opens a discussion, a question and an idea round on one theme."""
