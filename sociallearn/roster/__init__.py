"""Who is in which cohort: organisations, cohorts, people, members, and the seats they took in a browser."""
