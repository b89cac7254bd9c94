"""The app: a table of contents of its parts."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from sociallearn import (
    access,
    assets,
    clock,
    config,
    database,
    errors,
    headers,
    health,
    icons,
    jobs,
    languages,
    limiting,
    links,
    parameters,
    toasts,
)
from sociallearn.administration.views import bp as administration
from sociallearn.attachments import storing, sweeping
from sociallearn.feed.views import bp as feed
from sociallearn.grades import keeping
from sociallearn.grades.views import bp as grades
from sociallearn.ideas import joining
from sociallearn.ideas.author_views import bp as authors
from sociallearn.ideas.views import bp as ideas
from sociallearn.insights import closing, tallying
from sociallearn.insights.views import bp as insights
from sociallearn.lti import deep_linking, keys, registrations
from sociallearn.lti.key_sets import KeySets
from sociallearn.lti.registration_views import bp as registration
from sociallearn.lti.starting import remove_expired
from sociallearn.lti.views import bp as lti
from sociallearn.moderation import handling, queue
from sociallearn.moderation.administering_views import bp as administering
from sociallearn.moderation.appeal_views import bp as appeals
from sociallearn.moderation.reporting_views import bp as reports
from sociallearn.moderation.views import bp as moderation
from sociallearn.morning.views import bp as morning
from sociallearn.notifications import going, hearing
from sociallearn.notifications import reading as notified
from sociallearn.notifications.administering_views import bp as mails
from sociallearn.notifications.mail_views import bp as mail
from sociallearn.notifications.views import bp as notifications
from sociallearn.parameters import IdConverter
from sociallearn.paths import TEMPLATES
from sociallearn.placing import landing
from sociallearn.placing.views import bp as placing
from sociallearn.posts import expiring, form_files, rerendering
from sociallearn.posts import reading as posted
from sociallearn.posts.file_views import bp as files
from sociallearn.posts.mark_views import bp as marks
from sociallearn.posts.poll_views import bp as polls
from sociallearn.posts.views import also_new
from sociallearn.posts.views import bp as posts
from sociallearn.profiles.views import bp as profiles
from sociallearn.pulse.views import bp as pulse
from sociallearn.questions import escalating, settling, starting, states
from sociallearn.questions import indexing as look_alikes
from sociallearn.questions import waiting as promised
from sociallearn.questions.memory_views import bp as memory
from sociallearn.questions.promise_views import bp as promise
from sociallearn.questions.views import bp as questions
from sociallearn.roster.models import Member
from sociallearn.roster.people_views import bp as people
from sociallearn.roster.views import bp as roster
from sociallearn.roster.views import launch_bp
from sociallearn.search import indexing
from sociallearn.search.views import bp as search
from sociallearn.setup.views import bp as setup
from sociallearn.starters.views import bp as starters
from sociallearn.topics.views import bp as topics

LARGEST_REQUEST = 8 * 1024 * 1024  # bytes; texts are limited in the form, so that they come back with a sentence

ROOMS = (
    lti,
    registration,
    launch_bp,
    roster,
    people,
    posts,
    marks,
    polls,
    files,
    feed,
    topics,
    profiles,
    search,
    questions,
    memory,
    promise,
    ideas,
    authors,
    grades,
    moderation,
    reports,
    appeals,
    administering,
    insights,
    morning,
    setup,
    pulse,
    starters,
    administration,
    placing,
    notifications,
    mails,
    mail,
    links.bp,
    health.bp,
)


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """The WSGI application. ``settings`` (as ``config.read`` makes them) stand in for the environment's.

    Raises ConfigurationError or ConfigFileError, in words for the operator.
    """
    app = Flask("sociallearn", template_folder=str(TEMPLATES), static_folder=None)
    app.config.from_mapping(settings or config.read())
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"hide_parameters": True}  # no text of anybody's in the log
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_REQUEST, MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST)
    if app.config["PROXY_HOPS"]:
        hops = app.config["PROXY_HOPS"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(csrf_token=access.csrf_token, icon=icons.icon, milliseconds=clock.milliseconds)
    app.context_processor(_everywhere)

    languages.init_app(app)
    errors.init_app(app)
    headers.init_app(app)  # before the database: what is registered first runs last, so after the transaction ended
    database.init_app(app)
    registrations.init_app(app)
    app.extensions["key_sets"] = KeySets()
    limiting.init_app(app)
    app.before_request(form_files.allow_size)  # before anything reads the form
    app.before_request(parameters.refuse_nul)
    access.init_app(app)
    form_files.init_app(app)
    assets.init_app(app)
    storing.init_app(app)
    jobs.init(app)
    # who hears first acts first: a question has its clock before anything asks for it
    acts = (keeping, states, landing, handling, queue, indexing, look_alikes, starting, escalating, joining)
    for hears in (*acts, tallying, hearing, going):
        hears.connect()
    also_new["notifications"] = notified.count
    chores = (
        access.remove_expired,
        remove_expired,
        deep_linking.remove_expired,
        expiring.remove_expired,
        rerendering.renew,
        look_alikes.catch_up,
        keys.tidy,
        settling.forget_texts,
        closing.close_weeks,
        sweeping.look_for_strays,
        going.remove_expired,
    )
    jobs.housekeeping.extend(each for each in chores if each not in jobs.housekeeping)

    app.url_map.converters["int"] = IdConverter
    for room in ROOMS:
        app.register_blueprint(room)
    app.add_url_rule("/", "home", _home)
    app.add_url_rule("/s/<seat>/", "seat_home", _seat_home)
    return app


def _everywhere() -> dict[str, Any]:
    seat = g.get("seat")
    here = {"member": seat.member, "cohort": seat.cohort} if seat else {"member": None, "cohort": None}
    # not for a page that refuses: the database may be the reason
    waiting_in = _waiting_in(seat.member) if seat and not g.get("is_refusal") else {}
    return {
        **here,
        "toasts": toasts.current() if seat else [],
        "room": "",
        "waiting_in": waiting_in,
        **_me(here["member"]),
    }


def _me(member: Member | None) -> dict[str, Any]:
    """The round picture of whoever is here."""
    if member is None:
        return {}
    return {"my_initials": posted.initials(member.name), "my_hue": member.person_id * 5 % posted.HUES}


def _waiting_in(member: Member) -> dict[str, int]:
    """How much waits for this member in each room."""
    session = database.db.session()
    moderation, administration = queue.waiting(session, member)
    return {
        "moderation": moderation,
        "administration": administration,
        "questions": promised.urgent(session, member),
        "notifications": notified.count(session, member),
    }


def _home() -> ResponseReturnValue:
    return render_template("lti/home.html")


def _seat_home() -> ResponseReturnValue:
    return redirect(url_for("feed.index"))
