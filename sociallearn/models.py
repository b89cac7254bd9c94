"""Every table in one breath, for whoever needs the whole picture: migrations and tests."""


def load() -> None:
    """Import all models, so that the metadata knows them."""
    import sociallearn.activity.models
    import sociallearn.attachments.models
    import sociallearn.grades.models
    import sociallearn.ideas.models
    import sociallearn.insights.models
    import sociallearn.lti.models
    import sociallearn.moderation.models
    import sociallearn.notifications.models
    import sociallearn.posts.models
    import sociallearn.profiles.models
    import sociallearn.pulse.models
    import sociallearn.questions.models
    import sociallearn.roster.models
    import sociallearn.search.models  # noqa: F401
