"""Figures about a cohort; reads only, owns no table."""
