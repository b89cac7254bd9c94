"""A cohort in three sentences."""

from flask_babel import format_percent, ngettext
from flask_babel import gettext as _

from sociallearn.insights.figuring import Figures
from sociallearn.insights.hiding import FEWEST

APART = 0.05  # an index this close to 0 is what chance gives


def sentences(figures: Figures) -> list[str]:
    """Who takes part; whether questions are answered; what came of ideas, or how talk crosses units."""
    if figures.is_empty:
        return [
            str(_("There are no figures yet: they begin when a week is over in which at least five people took part."))
        ]
    return [_taking_part(figures), _answering(figures), _bridging(figures)]


def _taking_part(figures: Figures) -> str:
    took, opened = figures.funnel.get("took-part", 0), figures.funnel.get("opened", 0)
    if took < FEWEST:
        return str(_("Fewer than five people took part so far."))
    return str(_("At least %(took)s people took part, of at least %(opened)s who opened it.", took=took, opened=opened))


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
    count, done = sum(figures.stages.values()), figures.ideas.get("implemented", 0)
    return str(
        ngettext("%(num)s idea, %(done)s implemented.", "%(num)s ideas, %(done)s implemented.", count, done=done)
    )


def _bridging(figures: Figures) -> str:
    found = figures.bridging
    if found is None:
        return str(_("Whether units talk to each other is told from 30 people on."))
    share = format_percent(found.share)
    if found.index < -APART:
        return str(_("%(share)s of replies go to another unit: fewer than by chance.", share=share))
    if found.index > APART:
        return str(_("%(share)s of replies go to another unit: more than by chance.", share=share))
    return str(_("%(share)s of replies go to another unit: about as many as by chance.", share=share))
