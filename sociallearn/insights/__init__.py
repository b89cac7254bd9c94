"""Figures about cohorts: tallied with each act, closed week by week into fixed cells, and read from those alone."""
