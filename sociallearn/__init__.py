"""SocialLearn: feed, questions and ideas for a training cohort, inside its LMS."""

__version__ = "0.1.0"
