"""How a text will look once it is posted. Nothing is kept."""

from flask import current_app
from markupsafe import Markup
from sqlalchemy.orm import Session

from sociallearn.posts import naming
from sociallearn.text import rendering
from sociallearn.text.completing import complete


def preview(session: Session, cohort_id: int, body: str, seat_path: str) -> Markup:
    """``body`` rendered as posts of that cohort are, its links led through the seat of whoever is writing."""
    who = naming.people_in(session, cohort_id, body)
    html = rendering.render(body, tool_url=current_app.config["BASE_URL"], names=who.names)
    return Markup(complete(html, seat_path))  # noqa: S704 - made by our sanitiser
