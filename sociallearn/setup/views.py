"""A cohort's set-up, our agreements, and one's further cohorts. None of it stands before reading or posting."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, clock, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades import choosing, folding, trying
from sociallearn.grades.ruling import RulesForm
from sociallearn.grades.schemes import CHOICES
from sociallearn.lti import registrations
from sociallearn.lti.models import Registration
from sociallearn.parameters import number
from sociallearn.roster import agreeing, phases, setting_up
from sociallearn.roster.models import Holiday, Phase, Template
from sociallearn.setup import reading
from sociallearn.setup.forms import AgreementsForm, DaysForm, HolidayForm, SettingsForm

bp = Blueprint("setup", __name__, url_prefix="/s/<seat>")


@bp.get("/cohort/set-up")
def show() -> ResponseReturnValue:
    """Everything about how this cohort runs."""
    access.require_trainer()
    return _page(SettingsForm.of(access.cohort()))


@bp.post("/cohort/set-up")
def save() -> ResponseReturnValue:
    """Language, clock, hours, last day and rooms."""
    access.require_trainer()
    form = SettingsForm(request.form)
    if not form.validate():
        return _page(form), 422
    setting_up.change(db.session(), access.cohort(), form.settings, by=access.member())
    return toasts.redirect(url_for("setup.show"), "saved")


def _page(form: SettingsForm) -> str:
    session, cohort = db.session(), access.cohort()
    return render_template(
        "setup/show.html",
        form=form,
        phases=phases.of(session, cohort),
        holidays=setting_up.holidays(session, cohort),
        trainers=reading.trainers(session, cohort),
        rules=folding.rules_of(session, cohort, folding.moment(cohort)),
        now=clock.now(),
        room="cohort",
    )


@bp.post("/cohort/set-up/template")
def choose_template() -> ResponseReturnValue:
    """How it runs: one click fills in what is sensible. The first time, two short steps follow that can be skipped."""
    access.require_trainer()
    wanted = request.form.get("template", "")
    if wanted not in set(Template):
        raise Refusal(400, _("SocialLearn could not understand this request."))
    is_first = access.cohort().template is None
    setting_up.choose_template(db.session(), access.cohort(), Template(wanted), by=access.member())
    if "skip" in request.form:
        return toasts.redirect(url_for("feed.index"), "set-up-later")
    if not is_first:
        return toasts.redirect(url_for("setup.show"), "saved")
    return redirect(url_for("setup.counting" if access.member().may_grade else "starters.new", first=1), 303)


@bp.get("/cohort/set-up/counting")
def counting() -> ResponseReturnValue:
    """How taking part counts."""
    access.require_grader()
    cohort = access.cohort()
    rules = folding.rules_of(db.session(), cohort, folding.moment(cohort))
    return render_template(
        "setup/counting.html",
        chosen=rules.versions[-1].scheme.name,
        schemes=list(CHOICES.values()),
        in_phases=bool(rules.plan.phases),
        first="first" in request.args,
        room="cohort",
    )


@bp.post("/cohort/set-up/counting")
def count() -> ResponseReturnValue:
    """Choose it."""
    access.require_grader()
    version = choosing.choose(db.session(), access.cohort(), request.form.get("scheme", ""), by=access.member())
    if "first" in request.form:
        return redirect(url_for("starters.new", first=1), 303)
    is_later = version is not None and version.starts_at > clock.now()
    return toasts.redirect(url_for("setup.show"), "counts-later" if is_later else "saved")


@bp.get("/cohort/set-up/own-rules")
def own_rules() -> ResponseReturnValue:
    """Rules in the trainer's own numbers, from those in force."""
    access.require_grader()
    cohort = access.cohort()
    return _rules_page(RulesForm.of(folding.rules_of(db.session(), cohort, folding.moment(cohort)).versions[-1].scheme))


@bp.post("/cohort/set-up/own-rules/trial")
@access.only_reads
def try_rules() -> ResponseReturnValue:
    """What they would do, before they begin."""
    access.require_grader()
    form = _rules_form()
    return _rules_page(form, is_trial=True) if form.validate() else (_rules_page(form), 422)


@bp.post("/cohort/set-up/own-rules")
def begin_rules() -> ResponseReturnValue:
    """Let them begin."""
    access.require_grader()
    form = _rules_form()
    if not form.validate():
        return _rules_page(form), 422
    version = choosing.begin(db.session(), access.cohort(), form.scheme, by=access.member())
    is_later = version is not None and version.starts_at > clock.now()
    return toasts.redirect(url_for("setup.show"), "counts-later" if is_later else "saved")


def _rules_form() -> RulesForm:
    form = RulesForm(request.form)
    form.has_end = folding.ends_of(folding.plan_of(db.session(), access.cohort())) is not None
    return form


def _rules_page(form: RulesForm, *, is_trial: bool = False) -> str:
    cohort = access.cohort()
    rules = folding.rules_of(db.session(), cohort, folding.moment(cohort))
    found = trying.invented(rules.scheme, form.scheme) if is_trial else []
    return render_template(
        "setup/own_rules.html",
        form=form,
        versions=rules.versions,
        replay=trying.replay(db.session(), cohort, form.scheme) if is_trial else None,
        invented=found,
        warnings=trying.warnings(found, form.scheme) if is_trial else [],
        room="cohort",
    )


@bp.get("/cohort/set-up/phases/new")
def new_phase() -> ResponseReturnValue:
    """The form for one more phase."""
    access.require_trainer()
    return _phase_page(DaysForm(), None)


@bp.post("/cohort/set-up/phases")
def add_phase() -> ResponseReturnValue:
    """One more phase."""
    access.require_trainer()
    form = DaysForm(request.form)
    if not _is_free(form, None):
        return _phase_page(form, None), 422
    days = (form.name.data or "", form.first_day.data, form.last_day.data)
    phases.add(db.session(), access.cohort(), *days, by=access.member())  # type: ignore[arg-type]
    return toasts.redirect(url_for("setup.show", _anchor="phases"), "saved")


@bp.get("/cohort/set-up/phases/<int:phase_id>")
def phase(phase_id: int) -> ResponseReturnValue:
    """The form to change a phase."""
    access.require_trainer()
    access.get_or_404(Phase, id=phase_id)
    part = next(part for part in phases.of(db.session(), access.cohort()) if part.id == phase_id)
    days = {"name": part.name, "first_day": part.first_day, "last_day": part.last_day}
    return _phase_page(DaysForm(data=days), phase_id)


@bp.post("/cohort/set-up/phases/<int:phase_id>")
def change_phase(phase_id: int) -> ResponseReturnValue:
    """Another name or other days."""
    access.require_trainer()
    row, form = access.get_or_404(Phase, id=phase_id), DaysForm(request.form)
    if not _is_free(form, phase_id):
        return _phase_page(form, phase_id), 422
    days = (form.name.data or "", form.first_day.data, form.last_day.data)
    phases.change(db.session(), row, *days, by=access.member())  # type: ignore[arg-type]
    return toasts.redirect(url_for("setup.show", _anchor="phases"), "saved")


@bp.post("/cohort/set-up/phases/<int:phase_id>/removal")
def remove_phase(phase_id: int) -> ResponseReturnValue:
    """Take a phase away."""
    access.require_trainer()
    phases.remove(db.session(), access.get_or_404(Phase, id=phase_id), by=access.member())
    return toasts.redirect(url_for("setup.show", _anchor="phases"), "removed")


def _is_free(form: DaysForm, but: int | None) -> bool:
    """Whether the form is valid and meets no other phase; else it says so."""
    if not form.validate() or form.first_day.data is None or form.last_day.data is None:
        return False
    other = phases.clash(db.session(), access.cohort(), form.first_day.data, form.last_day.data, but)
    if other is not None:
        form.first_day.errors = [_("These days belong to “%(name)s” already.", name=other.name)]
    return other is None


def _phase_page(form: DaysForm, phase_id: int | None) -> str:
    action = url_for("setup.change_phase", phase_id=phase_id) if phase_id else url_for("setup.add_phase")
    return render_template("setup/days.html", form=form, action=action, about="phase", id=phase_id, room="cohort")


@bp.get("/cohort/set-up/holidays/new")
def new_holiday() -> ResponseReturnValue:
    """The form for a holiday."""
    access.require_trainer()
    return _holiday_page(HolidayForm())


@bp.post("/cohort/set-up/holidays")
def add_holiday() -> ResponseReturnValue:
    """One more holiday."""
    access.require_trainer()
    form = HolidayForm(request.form)
    if not form.validate() or form.first_day.data is None:
        return _holiday_page(form), 422
    first, last = form.first_day.data, form.last_day.data or form.first_day.data
    setting_up.add_holiday(db.session(), access.cohort(), form.name.data or "", first, last, by=access.member())
    return toasts.redirect(url_for("setup.show", _anchor="holidays"), "saved")


def _holiday_page(form: HolidayForm) -> str:
    action = url_for("setup.add_holiday")
    return render_template("setup/days.html", form=form, action=action, about="holiday", id=None, room="cohort")


@bp.post("/cohort/set-up/holidays/public")
def add_public_holidays() -> ResponseReturnValue:
    """Belgium's public holidays of this school year."""
    access.require_trainer()
    setting_up.add_public_holidays(db.session(), access.cohort(), by=access.member())
    return toasts.redirect(url_for("setup.show", _anchor="holidays"), "holidays-added")


@bp.post("/cohort/set-up/holidays/<int:holiday_id>/removal")
def remove_holiday(holiday_id: int) -> ResponseReturnValue:
    """Work as usual on these days."""
    access.require_trainer()
    setting_up.remove_holiday(db.session(), access.get_or_404(Holiday, id=holiday_id), by=access.member())
    return toasts.redirect(url_for("setup.show", _anchor="holidays"), "removed")


@bp.get("/cohort/set-up/archive")
def ask_archive() -> ResponseReturnValue:
    """What archiving means, before it is done."""
    access.require_trainer()
    return render_template("setup/archive.html", room="cohort")


@bp.post("/cohort/set-up/archive")
def archive() -> ResponseReturnValue:
    """From now on everybody reads and nobody writes."""
    access.require_trainer()
    setting_up.archive(db.session(), access.cohort(), by=access.member())
    return toasts.redirect(url_for("setup.show"), "archived")


@bp.post("/cohort/set-up/archive/withdrawal")
@access.even_when_archived
def reopen() -> ResponseReturnValue:
    """It goes on."""
    access.require_trainer()
    setting_up.reopen(db.session(), access.cohort(), by=access.member())
    return toasts.redirect(url_for("setup.show"), "reopened")


@bp.get("/agreements")
def agreements() -> ResponseReturnValue:
    """Our agreements, for everybody; trainers write their lines here."""
    current = agreeing.current(db.session(), access.cohort().id)
    return _agreements_page(AgreementsForm.of(current.lines))


@bp.post("/agreements")
def write_agreements() -> ResponseReturnValue:
    """The trainer's own lines: a new version, when they changed."""
    access.require_trainer()
    form = AgreementsForm(request.form)
    if not form.validate():
        return _agreements_page(form), 422
    agreeing.write(db.session(), access.cohort(), form.lines, by=access.member())
    return toasts.redirect(url_for("setup.agreements"), "saved")


def _agreements_page(form: AgreementsForm) -> str:
    current = agreeing.current(db.session(), access.cohort().id)
    return render_template("setup/agreements.html", agreements=current, form=form, room="cohort")


@bp.post("/agreements/read")
@access.even_when_archived
def read_agreements() -> ResponseReturnValue:
    """Read: the card above the feed goes away."""
    current = agreeing.current(db.session(), access.cohort().id)
    agreeing.read(access.member(), min(number(request.form, "number") or 0, current.number))
    return redirect(url_for("feed.index"), 303)


@bp.get("/cohorts")
def cohorts() -> ResponseReturnValue:
    """Where I take part."""
    return render_template("setup/cohorts.html", cohorts=reading.cohorts_of(db.session(), access.member()))


@bp.post("/cohorts/<int:cohort_id>/open")
@access.even_when_archived
def open_cohort(cohort_id: int) -> ResponseReturnValue:
    """Another cohort of mine: a new seat there, as after a launch. Raises Refusal 404 where I take no part."""
    session = db.session()
    member = reading.find_membership(session, access.member(), cohort_id)
    if member is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    member.seen_at = clock.now()
    registrations.check_open(session.get_one(Registration, member.person.registration_id))
    seat, token = access.take_seat(session, member, None, in_address=g.seat.is_in_address, until=g.seat.expires_at)
    return access.lead_to(seat, token, "feed.index")
