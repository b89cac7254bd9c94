"""What one is told: the list, saying that one has seen it, what one wants to be told, and the mail as it would be."""

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.notifications import choosing, composing, going, marking, planning, reading, wording
from sociallearn.notifications.days import zone_of
from sociallearn.notifications.forms import SettingsForm
from sociallearn.notifications.models import MailPlan, Rhythm
from sociallearn.parameters import number

bp = Blueprint("notifications", __name__, url_prefix="/s/<seat>/notifications")


@bp.get("")
def index() -> ResponseReturnValue:
    """The newest first; what is alike stands in one line."""
    before = number(request.args, "before")
    lines, older = reading.page(db.session(), access.member(), before)
    return render_template(
        "notifications/index.html",
        lines=lines,
        newest=max((max(line.ids) for line in lines), default=0),
        new=sum(line.is_unread for line in lines),
        older=url_for("notifications.index", before=older) if older else None,
        sentence=wording.sentence,
        address=_address,
        room="notifications",
    )


def _address(goal: str) -> str:
    endpoint, values = going.page(goal)
    return url_for(endpoint, **values)


@bp.post("/read")
@access.even_when_archived
def read() -> ResponseReturnValue:
    """One line (``bundle``) or everything shown was seen."""
    up_to, bundle = number(request.form, "up_to") or 0, request.form.get("bundle")
    marking.read(db.session(), access.member(), up_to, bundle)
    return toasts.redirect(url_for("notifications.index"), "news-read")


@bp.get("/settings")
def settings() -> ResponseReturnValue:
    """What one wants to be told, here and by mail."""
    session, person = db.session(), access.member().person
    plan, off = session.get(MailPlan, person.id), choosing.off(session, person)
    form = SettingsForm(
        data={
            "rhythm": plan.rhythm if plan else Rhythm.DAILY,
            "hour": plan.hour if plan else planning.HOUR,
            "time_zone": (plan.time_zone if plan else None) or "",
            "here": [about for about in wording.headings() if (about, False) not in off],
            "mail": [about for about in wording.headings() if (about, True) not in off],
        }
    )
    return _settings_page(form)


@bp.post("/settings")
@access.even_when_archived
def choose() -> ResponseReturnValue:
    """Change it."""
    form, session, person = SettingsForm(request.form), db.session(), access.member().person
    if not form.validate():
        return _settings_page(form), 422
    choosing.choose(session, person, here=form.here.data or [], mail=form.mail.data or [])
    planning.change(
        session, person, rhythm=form.rhythm.data, hour=form.hour.data, time_zone=form.time_zone.data or None
    )
    return toasts.redirect(url_for("notifications.settings"), "saved")


def _settings_page(form: SettingsForm) -> str:
    session, person = db.session(), access.member().person
    plan = session.get(MailPlan, person.id)
    return render_template(
        "notifications/settings.html",
        form=form,
        plan=plan,
        zone=zone_of(session, plan) if plan else access.cohort().time_zone,
        has_address=bool(person.email),
        is_sent=current_app.config.get("MAIL") is not None,
        headings=wording.headings(),
        room="notifications",
    )


@bp.get("/digest")
def digest() -> ResponseReturnValue:
    """The mail as it would be sent now."""
    session, member = db.session(), access.member()
    letter = composing.compose(session, member.person)
    return render_template(
        "notifications/preview.html",
        letter=letter,
        around=composing.words(letter) if letter else {},
        sentence=wording.sentence,
        address=_address,
        link=going.link,
        room="notifications",
    )
