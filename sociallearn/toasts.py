"""Short messages after a redirect. They travel as a code in the address: there is no session to keep them in."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import flask
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn.parameters import number

Toast = tuple[str, str | None, str | None]  # text, address that undoes it, label of that button

_WORDS: dict[str, Callable[[], str]] = {
    "deleted": lambda: _("Deleted. A trace stays where it was."),
    "undeleted": lambda: _("It is back."),
    "hidden": lambda: _("Hidden. The author and the cohort can read why."),
    "restored": lambda: _("It can be read again."),
    "read": lambda: _("Everything is marked as read."),
    "kept": lambda: _("Kept for later, under Kept."),
    "not-kept": lambda: _("No longer kept."),
    "followed": lambda: _("You follow this conversation."),
    "unfollowed": lambda: _("You no longer follow this conversation."),
    "muted": lambda: _("Muted. It will no longer be marked as new."),
    "topic-followed": lambda: _("You follow this topic: it stands above the others."),
    "topic-unfollowed": lambda: _("You no longer follow this topic."),
    "about-saved": lambda: _("Saved. Others read it on your page."),
    "about-gone": lambda: _("Nothing of it is kept."),
    "reported": lambda: _("Thank you. A trainer will look."),
    "reported-above": lambda: _("Thank you. An administrator will look."),
    "report-withdrawn": lambda: _("Taken back. Nothing of your report is kept."),
    "asked-again": lambda: _("Saved. Somebody will look whether it can be shown again."),
    "dismissed": lambda: _("Left as it is. Whoever asked can read your note."),
    "dismissed-above": lambda: _("Left as it is. Whoever asked can read your note."),
    "reports-reopened": lambda: _("It waits again."),
    "passed": lambda: _("Fine. Nobody hears that you passed."),
    "helpers-asked": lambda: _("Likely helpers are asked."),
    "helpers-later": lambda: _("Likely helpers are asked as soon as the work day begins."),
    "helpers-nobody": lambda: _("Nobody has offered to help with this yet. You can name somebody with @ in a reply."),
    "nudged": lambda: _("Sent. They read it among their notifications, and who it is from."),
    "nudge-back": lambda: _("Taken back. They no longer find it."),
    "offered": lambda: _("Thank you. We ask you now and then, in work hours only."),
    "offer-withdrawn": lambda: _("Nobody asks you any more."),
    "pinned": lambda: _("Pinned above the others."),
    "unpinned": lambda: _("Back in its place."),
    "locked": lambda: _("Locked. The cohort can read why."),
    "unlocked": lambda: _("It takes replies again."),
    "settled": lambda: _("Good to know: your question was answered before you asked it."),
    "accepted": lambda: _("Marked as the answer that helped."),
    "solved": lambda: _("Marked as solved."),
    "question-reopened": lambda: _("It is open again."),
    "duplicate": lambda: _("Marked as a duplicate. It shows where to go."),
    "no-duplicate": lambda: _("It is a question of its own again."),
    "now-question": lambda: _("It is a question now. Old links lead here."),
    "now-post": lambda: _("It is a post now. Old links lead here."),
    "voted": lambda: _("Your vote counts. You can change it until the poll closes."),
    "not-voted": lambda: _("Your vote is taken back."),
    "poll-closed": lambda: _("The poll is closed. Everybody can read the results."),
    "rated": lambda: _("Your rating counts. You can change it until the round closes."),
    "all-rated": lambda: _("You have seen every idea there is to rate. Thank you."),
    "moved": lambda: _("Moved. The author and the cohort can read why."),
    "author-asked": lambda: _("Asked. Once they say yes, their name stands beside yours."),
    "author-now": lambda: _("You are one of its authors now."),
    "author-not": lambda: _("Fine. Nobody is asked any more."),
    "author-left": lambda: _("You are no longer one of its authors."),
    "appealed": lambda: _("Asked. Another trainer looks at it; you find the answer in the decision log."),
    "appeal-kept": lambda: _("Answered. It stays as it is; the cohort can read why."),
    "appeal-upheld": lambda: _("Answered. Now change what was decided here; the cohort can read why."),
    "merged": lambda: _("Merged. Its authors are authors of this idea too."),
    "brought-in": lambda: _("Brought in. Nobody was told, and nobody got points for it."),
    "split": lambda: _("It stands for itself again."),
    "resend": lambda: _("It will be sent again within a minute."),
    "resend-all": lambda: _("Everything that did not arrive is sent again within a minute."),
    "review-asked": lambda: _("Asked. Your trainer’s answer will stand here."),
    "review-answered": lambda: _("Answered. The learner reads it under My participation."),
    "grade-changed": lambda: _("Changed. The learner reads it under My participation."),
    "grade-back": lambda: _("Taken back. The score is as it was before."),
    "column": lambda: _("Your LMS is being asked. This takes a moment."),
    "look": lambda: _("Your LMS is being asked what it has. This takes a moment."),
    "gone": lambda: _("What this link opened is no longer there. Here is everything else."),
    "link-unknown": lambda: _("This link names something that is not of this course. Here is everything there is."),
    "round-opened": lambda: _("The idea round is open."),
    "round-closed": lambda: _("The idea round is closed. Its ideas, their ratings and the ranking can be read."),
    "round-reopened": lambda: _("The idea round is open again."),
    "carried": lambda: _("It came along."),
    "fresh": lambda: _("A fresh start it is."),
    "reading": lambda: _("The list is being read. Reload this page in a moment."),
    "saved": lambda: _("Saved."),
    "pulse-opened": lambda: _("Open for a week. Everybody who learns here is told once."),
    "pulse-taken-back": lambda: _("Taken back. What was answered so far is gone."),
    "texts-withdrawn": lambda: _("Saved. From now on no later cohort reads your texts."),
    "starter-opened": lambda: _("Published."),
    "starter-withdrawn": lambda: _("Taken back."),
    "starter-kept": lambda: _("What somebody answered already stays."),
    "removed": lambda: _("Removed."),
    "set-up-later": lambda: _("It runs as an open community for now. You can change that under Cohort, Set-up."),
    "counts-later": lambda: _("Saved. It begins with the next period: what was collected so far stays as it is."),
    "holidays-added": lambda: _("The public holidays of this school year are in the list."),
    "archived": lambda: _("Archived. Everything can still be read."),
    "reopened": lambda: _("It goes on. The days it was archived are a holiday, so that nobody loses by them."),
    "paused": lambda: _("Paused. Nobody comes in through this LMS until you resume it."),
    "resumed": lambda: _("Open again."),
    "lms_removed": lambda: _("Removed. People and what they wrote stay."),
    "key_made": lambda: _("A new key is published. It signs in an hour."),
    "deployment_confirmed": lambda: _("Confirmed. People can come in now."),
    "deployment_refused": lambda: _("Refused. Nobody can come in there."),
    "invite_withdrawn": lambda: _("Withdrawn. The link no longer works."),
    "news-read": lambda: _("Marked as read."),
    "mail-resumed": lambda: _("The next mail is tried again."),
    "right_given": lambda: _("Given. It stands in the log."),
    "right_ended": lambda: _("Ended. The log keeps it."),
}

_UNDOING = {  # else a deletion
    "dismissed": ("reports.reopen", "post_id"),
    "dismissed-above": ("administering.reopen", "post_id"),
    "settled": ("questions.unsettle", "settled_id"),
    "nudged": ("morning.take_back", "nudge_id"),
}


def redirect(goal: str, code: str, undo: int | None = None) -> ResponseReturnValue:
    """303 to ``goal`` with a message for there, which offers to take back what was done to ``undo``, mostly a post."""
    parts = urlsplit(goal)
    extra = f"toast={code}" + (f"&undo={undo}" if undo else "")
    query = f"{parts.query}&{extra}" if parts.query else extra
    return flask.redirect(urlunsplit(parts._replace(query=query)), 303)


def words(code: str) -> str:
    """The message itself, for a script that says it without another page."""
    return _WORDS[code]()


def current() -> list[Toast]:
    """What the page should say; nothing for a code we do not know."""
    code = request.args.get("toast", "")
    said = _WORDS.get(code)
    if said is None:
        return []
    undo = number(request.args, "undo")
    if undo is None:
        return [(said(), None, None)]
    endpoint, name = _UNDOING.get(code, ("posts.undelete", "post_id"))
    values: dict[str, Any] = {name: undo}
    return [(said(), url_for(endpoint, **values), _("Undo"))]
