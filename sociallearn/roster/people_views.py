"""For trainers: somebody's unit and groups, the cohort's groups, and reading the LMS's list of participants."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.parameters import number, whole
from sociallearn.roster import grouping, reading, spaces, syncing
from sociallearn.roster.models import Group, Member, Space
from sociallearn.roster.people_forms import GroupForm, NamedSpaceForm, PersonForm, SpaceForm

bp = Blueprint("people", __name__, url_prefix="/s/<seat>/cohort")
bp.add_app_template_test(lambda name: name in current_app.view_functions, "a_page")


@bp.post("/reading")
def read_now() -> ResponseReturnValue:
    """Have the LMS's list of participants read now."""
    access.require_trainer()
    syncing.ask(db.session(), access.cohort())
    return toasts.redirect(url_for("roster.cohort"), "reading")


@bp.get("/people/<int:member_id>")
def person(member_id: int) -> ResponseReturnValue:
    """Somebody's unit and groups."""
    access.require_trainer()
    member = access.get_or_404(Member, id=member_id, is_test=False)
    form = PersonForm(unit=member.unit.name if member.unit else "")
    return _person_page(member, form, reading.group_ids_of(db.session(), member))


@bp.post("/people/<int:member_id>")
def change_person(member_id: int) -> ResponseReturnValue:
    """Set them. A unit that is not changed stays the LMS's to say."""
    access.require_trainer()
    member = access.get_or_404(Member, id=member_id, is_test=False)
    form, chosen = PersonForm(request.form), _ids("group")
    if not form.validate():
        return _person_page(member, form, chosen), 422
    session = db.session()
    unit = form.unit.data or ""
    if unit != (member.unit.name if member.unit else ""):
        grouping.set_unit(session, member, unit)
    grouping.choose(session, member, [access.get_or_404(Group, id=id_) for id_ in sorted(chosen)])
    return toasts.redirect(url_for("people.person", member_id=member.id), "saved")


@bp.post("/people/<int:member_id>/unit/return")
def give_unit_back(member_id: int) -> ResponseReturnValue:
    """Let the LMS say again which unit somebody belongs to."""
    access.require_trainer()
    grouping.give_unit_back(access.get_or_404(Member, id=member_id, is_test=False))
    return toasts.redirect(url_for("people.person", member_id=member_id), "saved")


def _person_page(member: Member, form: PersonForm, chosen: set[int]) -> str:
    session, cohort = db.session(), access.cohort()
    return render_template(
        "roster/person.html",
        person=member,
        state=reading.state_of(member),
        form=form,
        groups=reading.groups(session, cohort.id),
        chosen=chosen,
        units=reading.unit_names(session, cohort.organisation_id),
        room="cohort",
    )


@bp.get("/groups")
def groups() -> ResponseReturnValue:
    """The LMS's groups and those made here."""
    access.require_trainer()
    return _groups_page(GroupForm())


@bp.post("/groups")
def make_group() -> ResponseReturnValue:
    """A new group."""
    access.require_trainer()
    form = GroupForm(request.form)
    try:
        if form.validate():
            grouping.make(db.session(), access.cohort(), form.name.data or "")
            return toasts.redirect(url_for("people.groups"), "saved")
    except Refusal as refusal:
        form.name.errors = [refusal.sentence]
    return _groups_page(form), 422


@bp.post("/groups/<int:group_id>")
def rename_group(group_id: int) -> ResponseReturnValue:
    """Another name for a group, also for one of the LMS's."""
    access.require_trainer()
    group = access.get_or_404(Group, id=group_id)
    form = GroupForm(request.form)
    try:
        if form.validate():
            grouping.rename(db.session(), group, form.name.data or "")
            return toasts.redirect(url_for("people.groups"), "saved")
    except Refusal as refusal:
        form.name.errors = [refusal.sentence]
    return _groups_page(GroupForm(), group_id, form), 422


@bp.post("/groups/<int:group_id>/removal")
def remove_group(group_id: int) -> ResponseReturnValue:
    """Delete a group made here."""
    access.require_trainer()
    grouping.remove(db.session(), access.get_or_404(Group, id=group_id))
    return toasts.redirect(url_for("people.groups"), "saved")


@bp.post("/groups/people")
def sort_people() -> ResponseReturnValue:
    """Put the people ticked in the list in a group made here, or take them out of it."""
    access.require_trainer()
    session, ids = db.session(), _ids("member")
    if not ids:
        raise Refusal(422, _("Nobody is ticked."), _("Go back and tick the people you mean."))
    group = access.get_or_404(Group, id=number(request.form, "group") or 0)
    members = session.scalars(access.in_cohort(Member).where(Member.id.in_(sorted(ids)), Member.is_test.is_(False)))
    act = grouping.take_out if request.form.get("act") == "out" else grouping.add
    act(session, group, members.all())
    goal = access.back_to(request.referrer) or url_for("roster.cohort")
    return toasts.redirect(goal, "saved") if "toast=" not in goal else redirect(goal, 303)


@bp.post("/groups/<int:group_id>/space")
def label_group(group_id: int) -> ResponseReturnValue:
    """Whether what a group says among itself is formal."""
    access.require_trainer()
    group, form = access.get_or_404(Group, id=group_id), SpaceForm(request.form)
    if not form.validate():
        raise Refusal(422, _("Choose formal or informal."))
    space = spaces.of_group(db.session(), group)
    spaces.label(db.session(), space, is_informal=form.is_informal, keep_days=form.keep_days.data)
    return toasts.redirect(url_for("people.groups", _anchor="spaces"), "saved")


@bp.post("/spaces")
def make_space() -> ResponseReturnValue:
    """A space for everybody."""
    access.require_trainer()
    form = NamedSpaceForm(request.form)
    try:
        if form.validate():
            days = form.keep_days.data
            spaces.make(
                db.session(), access.cohort(), form.name.data or "", is_informal=form.is_informal, keep_days=days
            )
            return toasts.redirect(url_for("people.groups", _anchor="spaces"), "saved")
    except Refusal as refusal:
        form.name.errors = [refusal.sentence]
    return _groups_page(GroupForm(), new_space=form), 422


@bp.post("/spaces/<int:space_id>/closing")
def close_space(space_id: int) -> ResponseReturnValue:
    """Nothing new begins in it."""
    access.require_trainer()
    spaces.close(access.get_or_404(Space, id=space_id))
    return toasts.redirect(url_for("people.groups", _anchor="spaces"), "saved")


@bp.post("/spaces/<int:space_id>/closing/withdrawal")
def reopen_space(space_id: int) -> ResponseReturnValue:
    """People write in it again."""
    access.require_trainer()
    spaces.reopen(access.get_or_404(Space, id=space_id))
    return toasts.redirect(url_for("people.groups", _anchor="spaces"), "saved")


def _groups_page(
    form: GroupForm,
    wrong_id: int | None = None,
    wrong: GroupForm | None = None,
    new_space: NamedSpaceForm | None = None,
) -> str:
    session, cohort = db.session(), access.cohort()
    kept = spaces.all_of(session, cohort.id)
    return render_template(
        "roster/groups.html",
        groups=reading.groups(session, cohort.id),
        spaces=[space for space in kept if space.group_id is None],
        space_of={space.group_id: space for space in kept},
        tones=SpaceForm(),
        new_space=new_space or NamedSpaceForm(),
        form=form,
        wrong_id=wrong_id,
        wrong=wrong,
        room="cohort",
    )


def _ids(name: str) -> set[int]:
    return {value for text in request.form.getlist(name)[:1000] if (value := whole(text)) is not None}
