"""What others are told about members and cohorts, inside the transaction in which it happens."""

from blinker import Signal

arrived = Signal()  # arrived.send(member, session=session), at every launch
left = Signal()  # left.send(cohort, member_ids=[…], session=session): the LMS no longer has these people in the course
returned = Signal()  # returned.send(cohort, member_ids=[…], session=session): it has them again
calendar_changed = Signal()  # calendar_changed.send(cohort, session=session): time zone, phases, holidays, the end
