"""The cohort's conversation, newest first."""
