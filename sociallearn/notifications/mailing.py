"""Speak with the mail server (RFC 5321), and say how that went in terms of what to do next."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum

from sociallearn.config import Relay

TIMEOUT = 15.0  # seconds for each answer
_WIDE = SMTP.clone(max_line_length=998)  # addresses in headers stay whole, or no mail program could follow them


class Went(StrEnum):
    """How it went."""

    SENT = "sent"
    LATER = "later"  # nothing was handed over: try again
    NO_ADDRESS = "no_address"  # this address takes no mail
    REFUSED = "refused"  # this mail, for good
    UNSURE = "unsure"  # handed over, and no answer: it may have arrived
    NOT_OURS = "not_ours"  # somebody else is at it


def send(relay: Relay, message: EmailMessage, hand_over: Callable[[], bool]) -> tuple[Went, str | None]:
    """Send one mail. ``hand_over`` is asked after the server took the address and before it gets the mail.

    How it went, and the server's number or a code.
    """
    try:
        server = _connect(relay)
    except smtplib.SMTPAuthenticationError:
        return Went.LATER, "login"
    except smtplib.SMTPResponseException as error:
        return Went.LATER, str(error.smtp_code)
    except ssl.SSLError:
        return Went.LATER, "certificate"
    except (OSError, smtplib.SMTPException):
        return Went.LATER, "unreachable"
    try:
        return _talk(server, message, hand_over)
    finally:
        server.close()


def _connect(relay: Relay) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if relay.is_tls:
        server: smtplib.SMTP = smtplib.SMTP_SSL(relay.host, relay.port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(relay.host, relay.port, timeout=TIMEOUT)
    try:
        server.ehlo_or_helo_if_needed()
        if not relay.is_tls and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif relay.user and not relay.is_tls and not relay.is_local:
            raise smtplib.SMTPException("a password is never sent in the clear")
        if relay.user:
            server.login(relay.user, relay.password)
    except BaseException:
        server.close()
        raise
    return server


def _talk(server: smtplib.SMTP, message: EmailMessage, hand_over: Callable[[], bool]) -> tuple[Went, str | None]:
    try:
        code, _said = server.mail(str(message["From"].addresses[0].addr_spec))
        if code != 250:
            return Went.LATER, str(code)  # about us, not about them
        code, _said = server.rcpt(str(message["To"].addresses[0].addr_spec))
        if code not in (250, 251):
            return (Went.NO_ADDRESS if code >= 500 else Went.LATER), str(code)
    except UnicodeError:
        return Went.NO_ADDRESS, "address"
    except (OSError, smtplib.SMTPException):
        return Went.LATER, "unreachable"
    if not hand_over():
        return Went.NOT_OURS, None
    try:
        code, _said = server.data(message.as_bytes(policy=_WIDE))
    except smtplib.SMTPDataError as error:  # it did not even want to begin
        return (Went.REFUSED if error.smtp_code >= 500 else Went.LATER), str(error.smtp_code)
    except (OSError, smtplib.SMTPException):
        return Went.UNSURE, "unreachable"
    if code == 250:
        _quit(server)
        return Went.SENT, None
    return (Went.REFUSED if code >= 500 else Went.LATER), str(code)


def _quit(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        return  # it has the mail
