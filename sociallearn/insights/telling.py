"""A cohort in a few sentences, and all cohorts in one."""

from collections.abc import Sequence

from flask_babel import format_date, format_percent, ngettext
from flask_babel import gettext as _

from sociallearn.insights.figuring import Bridging, Figures
from sociallearn.insights.hiding import FEWEST

APART = 0.05  # an index this close to 0 is what chance gives
STEADY = 0.1  # so much more or less is about as many


def sentences(figures: Figures) -> list[str]:
    """Who takes part; whether questions are answered; what came of ideas, or how talk crosses units."""
    if figures.is_empty:
        return [
            str(_("There are no figures yet: they begin when a week is over in which at least five people took part."))
        ]
    taking_part = " ".join(filter(None, (_taking_part(figures), _moving(figures))))
    return [taking_part, _answering(figures), _crossing(figures)]


def together(all_figures: Sequence[Figures]) -> str:
    """What the cohorts came to, of those that are shown; empty where that is nothing, or one cohort."""
    ideas = sum(one.idea_count for one in all_figures if one.ideas)
    asked, in_time = (sum(getattr(one, name) for one in all_figures) for name in ("asked", "in_time"))
    said = []
    if ideas:
        done = sum(one.implemented for one in all_figures)
        said.append(
            ngettext("%(done)s of %(num)s idea implemented", "%(done)s of %(num)s ideas implemented", ideas, done=done)
        )
    if asked:
        share = format_percent(in_time / asked)
        said.append(
            ngettext(
                "%(done)s of %(num)s question in time (%(share)s)", "%(done)s of %(num)s questions in time (%(share)s)",
                asked, done=in_time, share=share,
            )
        )  # fmt: skip
    return "; ".join(said) if len(all_figures) > 1 else ""


def bridging(found: Bridging) -> str:
    """How talk crosses units, against chance, as people would say it."""
    numbers = {"share": round(100 * found.share), "chance": round(100 * found.chance)}
    if found.index < -APART:
        said = _(
            "Units keep to themselves: %(share)s of 100 replies go to another unit; by chance it would be %(chance)s.",
            **numbers,
        )
    elif found.index > APART:
        said = _(
            "Units seek each other out: %(share)s of 100 replies go to another unit; by chance it would be %(chance)s.",
            **numbers,
        )
    else:
        said = _(
            "Units mix as by chance: %(share)s of 100 replies go to another unit; by chance it would be %(chance)s.",
            **numbers,
        )
    return str(said)


def _taking_part(figures: Figures) -> str:
    took, invited = figures.funnel.get("took-part", 0), figures.funnel.get("invited", 0)
    if took < FEWEST:
        return str(_("Fewer than five people took part so far."))
    if invited <= took:
        return str(_("At least %(took)s people took part.", took=took))
    most = invited + FEWEST - 1  # people are told in fives
    return str(
        _(
            "At least %(took)s of the %(least)s to %(most)s people invited took part.",
            took=took,
            least=invited,
            most=most,
        )
    )


def _moving(figures: Figures) -> str:
    if figures.quiet_since:
        day = format_date(figures.quiet_since, "d MMM")
        return str(_("It has been quiet since %(day)s: too few people took part to show a week.", day=day))
    if figures.change is None:
        return ""
    if figures.change > STEADY:
        return str(_("In the last four weeks there were more texts and ratings than in the four weeks before."))
    if figures.change < -STEADY:
        return str(_("In the last four weeks there were fewer texts and ratings than in the four weeks before."))
    return str(_("In the last four weeks there were about as many texts and ratings as in the four weeks before."))


def _answering(figures: Figures) -> str:
    if not figures.asked:
        return str(_("Too few people asked something to say how quickly questions are answered."))
    said = ngettext(
        "Of %(num)s question, %(share)s was answered within 12 hours",
        "Of %(num)s questions, %(share)s were answered within 12 hours",
        figures.asked,
        share=format_percent(figures.in_time / figures.asked),
    )
    return f"{said}; {_ideas(figures)}"


def _ideas(figures: Figures) -> str:
    if not figures.ideas:
        return str(_("too few people proposed ideas to say more."))
    return str(
        ngettext(
            "%(num)s idea, %(done)s implemented.", "%(num)s ideas, %(done)s implemented.",
            figures.idea_count, done=figures.implemented,
        )
    )  # fmt: skip


def _crossing(figures: Figures) -> str:
    if figures.bridging is None:
        return str(_("Whether units talk to each other is told from 30 people on."))
    return bridging(figures.bridging)
