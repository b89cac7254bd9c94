"""What the cohort talks about: its topics, and the texts that name one."""
