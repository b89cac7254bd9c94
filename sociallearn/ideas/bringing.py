"""Bring in what a file of ideas holds: as it was, with its dates, and as if nobody had done anything.

No activity is recorded, so nobody gets points, nothing is counted, and nobody is told. Whoever the file names and is
here under exactly this name, alone, is the author of their texts; the others' belong to the trainer who brings them in
and keep their authors' names.
"""

from collections import Counter
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import current_app
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_new, insert_or_get, locked
from sociallearn.errors import Refusal
from sociallearn.ideas import authoring, merging, rounds, staging
from sociallearn.ideas.importing import NewComment, NewIdea, NewRound, NewText, Plan
from sociallearn.ideas.models import (
    BuildsOn,
    CoAuthor,
    Idea,
    IdeaImport,
    IdeaRound,
    ImportedName,
    ImportedRating,
    Outcome,
    Remark,
)
from sociallearn.posts import naming, writing
from sociallearn.posts.models import Decision, Extra, Kind, Post, Topic
from sociallearn.roster.models import Member, Person
from sociallearn.text import rendering
from sociallearn.text.naming import topic_key


def members_named(session: Session, plan: Plan, by: Member) -> dict[str, int]:
    """Whom the file names and who is here, alone under that name."""
    people = select(Person.name, Member.id).join(Member, Member.person_id == Person.id)
    rows = session.execute(people.where(Member.cohort_id == by.cohort_id, Member.is_test.is_(False))).all()
    often, named = Counter(name for name, _id in rows), plan.named
    return {name: id_ for name, id_ in rows if name in named and often[name] == 1}


def stages_missing(session: Session, plan: Plan, by: Member) -> list[str]:
    """Stages of the file's round without a question that the one here, which has ideas already, does not have."""
    here, theirs = (
        rounds.find_default(session, by),
        next((one for one in plan.rounds.values() if not one.question), None),
    )
    if here is None or theirs is None or _is_empty(session, here):
        return []
    has = _keys(session, here)
    return [one.name for one in theirs.stages if one.name not in has]


def check_may(by: Member) -> None:
    """Raises Refusal 403 for everybody but trainers who can write here."""
    rounds.check_trains(by)
    if not by.may_write:
        raise Refusal(403, _("You can read here, not write."), _("Learners and trainers of the cohort write."))


def bring_in(session: Session, plan: Plan, *, by: Member) -> None:
    """Everything in the file, or nothing.

    Raises Refusal 403 for who does not train, 422 when something is wrong with the file, 409 when it was brought in
    before; of two at once the database lets one through.
    """
    check_may(by)
    if plan.problems:
        raise Refusal(422, plan.problems[0], _("Nothing was brought in."))
    own = {"cohort_id": by.cohort_id, "organisation_id": by.organisation_id}
    if not insert_new(session, IdeaImport, {**own, "digest": plan.digest, "by_id": by.id, "at": clock.now()}):
        check_new(session, plan, by)
    _Importer(session, plan, by).run()


def check_new(session: Session, plan: Plan, by: Member) -> None:
    """Raises Refusal 409 when this file was brought in before."""
    its = (IdeaImport.cohort_id == by.cohort_id, IdeaImport.digest == plan.digest)
    at = session.scalar(select(IdeaImport.at).where(*its))
    if at is None:
        return
    date = format_date(at.astimezone(ZoneInfo(by.cohort.time_zone)), "long", locale=get_locale() or "en")
    raise Refusal(409, _("This file was brought in already on %(date)s.", date=date), _("Nothing was changed."))


def _is_empty(session: Session, round_: IdeaRound) -> bool:
    return not session.scalar(select(select(Idea.post_id).where(Idea.round_id == round_.id).exists()))


def _keys(session: Session, round_: IdeaRound) -> dict[str, str]:
    """The round's stages: keys by name."""
    usual = staging.usual_names()
    return {step.name or usual[step.key]: step.key for step in staging.stages_of(session, round_)}


class _Importer:
    """One file on its way in."""

    def __init__(self, session: Session, plan: Plan, by: Member) -> None:
        self.session, self.plan, self.by = session, plan, by
        self.members = members_named(session, plan, by)
        self.posts: dict[str, Post] = {}  # by the file's id
        self.now, self.tool_url = clock.now(), current_app.config["BASE_URL"]

    def run(self) -> None:
        """Rounds first, then ideas and what hangs on them, then comments."""
        self._add_rounds()
        self._add_texts(Kind.IDEA, self.plan.ideas)
        self._add_ideas()
        self._add_links()
        self._add_texts(Kind.COMMENT, self.plan.comments)
        self._stand_in_threads()
        self._name_topics()
        for post in self.posts.values():
            writing.imported.send(post, session=self.session)

    def _add_rounds(self) -> None:
        self.rounds: dict[str, IdeaRound] = {}
        self.stages: dict[str, dict[str, str]] = {}
        wanted = dict(self.plan.rounds)
        if any(not idea.round for idea in self.plan.ideas.values()):
            wanted[""] = NewRound()
        for key, new in wanted.items():
            round_ = self._default(new) if not new.question else self._round(new)
            self.rounds[key], self.stages[key] = round_, _keys(self.session, round_)

    def _round(self, new: NewRound) -> IdeaRound:
        round_ = IdeaRound(
            cohort_id=self.by.cohort_id,
            question=new.question,
            opened_at=new.opened_at or self.now,
            closed_at=new.closed_at,
        )
        self.session.add(round_)
        self.session.flush()
        self._set_stages(round_, new)
        return round_

    def _default(self, new: NewRound) -> IdeaRound:
        round_ = locked(self.session, IdeaRound, rounds.default_round(self.session, self.by).id)
        if _is_empty(self.session, round_):
            self._set_stages(round_, new)
            round_.opened_at = new.opened_at or round_.opened_at
        return round_

    def _set_stages(self, round_: IdeaRound, new: NewRound) -> None:
        if new.stages and [one.name for one in new.stages] != list(_keys(self.session, round_)):
            staging.set_stages(self.session, round_, new.stages, by=self.by)

    def _add_texts(self, kind: Kind, texts: "dict[str, NewIdea] | dict[str, NewComment]") -> None:
        made = {key: self._post(kind, new) for key, new in texts.items()}
        self.session.add_all(made.values())
        self.session.flush()
        for post in made.values():
            post.active_id = post.id
        self.posts |= made
        for key, post in made.items():
            self._name(post, authoring.AUTHOR, texts[key].author)
        self.session.flush()

    def _post(self, kind: Kind, new: NewText) -> Post:
        body = rendering.without_seat(new.body, tool_url=self.tool_url)
        return Post(
            cohort_id=self.by.cohort_id,
            kind=kind,
            author_id=self.members.get(new.author or "", self.by.id),
            title=new.title if isinstance(new, NewIdea) else None,
            body=body,
            html=rendering.render(body, tool_url=self.tool_url),
            renderer=rendering.RENDERER,
            created_at=new.at or self.now,
            root_id=self.posts[new.idea].id if isinstance(new, NewComment) else None,
        )

    def _name(self, post: Post, place: int, name: str | None, from_id: int | None = None) -> None:
        """Keep the name of somebody who is not here."""
        if name is None or (place <= authoring.AUTHOR and name in self.members):
            return
        row = ImportedName(cohort_id=post.cohort_id, post_id=post.id, place=place, name=name, from_id=from_id)
        self.session.add(row)
        post.extras |= Extra.IMPORTED

    def _add_ideas(self) -> None:
        for key, new in sorted(self.plan.ideas.items(), key=self._depth):
            keys, post = self.stages[new.round], self.posts[key]
            idea = Idea(
                cohort_id=post.cohort_id,
                post_id=post.id,
                round_id=self.rounds[new.round].id,
                merged_into=self.posts[new.merged_into].id if new.merged_into else None,
                stage=keys.get(new.stage) or next(iter(keys.values())),
                rating_count=sum(new.ratings.values()),
                rating_sum=sum(value * number for value, number in new.ratings.items()),
            )
            self.session.add(idea)
        self.session.flush()

    def _depth(self, item: tuple[str, NewIdea]) -> int:
        """How many ideas it became part of, one after the other: an idea stands after those."""
        depth, into = 0, item[1].merged_into
        while into:
            depth, into = depth + 1, self.plan.ideas[into].merged_into
        return depth

    def _log_merge(self, post: Post, into: Post) -> None:
        """A row of the decision log, so that it can be split again. No unit of work, or its authors would be told."""
        row = {
            "cohort_id": self.by.cohort_id,
            "organisation_id": self.by.organisation_id,
            "post_id": post.id,
            "by_id": self.by.id,
            "role": self.by.role,
            "before": merging.ALONE,
            "after": f"{merging.MERGED}{into.id}",
            "reason": _("Imported"),
            "at": self.now,
        }
        self.session.execute(insert(Decision).values(row))

    def _add_links(self) -> None:
        at = {"cohort_id": self.by.cohort_id}
        for key, new in self.plan.ideas.items():
            post = self.posts[key]
            self.session.add_all(
                ImportedRating(**at, idea_id=post.id, value=value, number=number)
                for value, number in new.ratings.items()
            )
            self.session.add_all(
                BuildsOn(**at, idea_id=post.id, on_id=self.posts[on].id, at=post.created_at) for on in new.builds_on
            )
            if new.merged_into:
                self._log_merge(post, self.posts[new.merged_into])
            self._add_outcome(post, new)
            self._add_co_authors(key, post, new)
        self.session.flush()

    def _add_outcome(self, post: Post, new: NewIdea) -> None:
        if not (new.owner or new.due or new.benefit or new.evidence or new.implemented_at):
            return
        evidence = rendering.without_seat(new.evidence, tool_url=self.tool_url)
        outcome = Outcome(
            cohort_id=post.cohort_id,
            idea_id=post.id,
            owner_id=self.members.get(new.owner),
            due_on=new.due,
            benefit=new.benefit,
            evidence=evidence,
            html=rendering.render(evidence, tool_url=self.tool_url) if evidence else "",
            implemented_at=new.implemented_at,
            changed_at=new.implemented_at or post.created_at,
        )
        self.session.add(outcome)
        self._name(post, authoring.OWNER, new.owner or None)

    def _add_co_authors(self, key: str, post: Post, new: NewIdea) -> None:
        """Those who came with a merged idea, so that they go with it when it is split off; else with this one."""
        came = [
            (self.posts[other].id, {one.author, *one.co_authors})
            for other, one in self.plan.ideas.items()
            if one.merged_into == key
        ]
        taken = {post.author_id}
        for place, name in enumerate(new.co_authors, authoring.AUTHOR + 1):
            from_id = next((id_ for id_, names in came if name in names), None)
            member_id = self.members.get(name)
            if member_id is None or member_id in taken:
                self._name(post, place, name, from_id)
                continue
            taken.add(member_id)
            row = CoAuthor(cohort_id=post.cohort_id, idea_id=post.id, member_id=member_id, from_id=from_id or post.id)
            self.session.add(row)

    def _stand_in_threads(self) -> None:
        branches: dict[str, list[Post]] = {}  # of each idea, its comments so far
        for key, new in self.plan.comments.items():
            post, root, parent = self.posts[key], self.posts[new.idea], self.posts[new.of]
            before = branches.setdefault(new.idea, [])
            post.parent_id, post.branch_id = parent.id, parent.branch_id or post.id
            # a file says a branch without a break: what stands between answered something that is gone
            for other in reversed(before):
                if other.branch_id == post.branch_id or post.branch_id == post.id:
                    break
                other.branch_id = post.branch_id
            before.append(post)
            root.reply_count, root.last_reply_id, root.active_id = root.reply_count + 1, post.id, post.id
            root.last_reply_at = max(root.last_reply_at or post.created_at, post.created_at)
            if new.kind:
                self.session.add(Remark(cohort_id=post.cohort_id, post_id=post.id, kind=new.kind))
        self.session.flush()

    def _name_topics(self) -> None:
        """Topics only, as the file spells them: nobody is mentioned by somebody who is not here."""
        spelled = {topic_key(one): one for idea in self.plan.ideas.values() for one in idea.topics}
        for post in self.posts.values():
            if "#" not in post.body:
                continue
            named = rendering.named(post.body).topics
            for key in sorted(named.keys() & spelled.keys()):
                values = {"name": spelled[key], "organisation_id": self.by.organisation_id}
                insert_or_get(self.session, Topic, {"cohort_id": post.cohort_id, "key": key}, values)
            naming.keep(self.session, post, naming.People())
