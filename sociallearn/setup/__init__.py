"""Setting up a cohort: its pages, our agreements, and one's further cohorts."""
