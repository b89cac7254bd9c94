"""A mail server that really speaks SMTP, on this machine."""

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask

from sociallearn.config import Relay


@dataclass
class Postbox:
    """What the mail server got, and how it answers."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    to_recipient: str = "250 OK"
    to_mail: str = "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.to_mail.startswith("250"):
            made = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(made, EmailMessage)
            self.mails.append(made)
            self.recipients += envelope.rcpt_tos
        return self.to_mail

    def words(self) -> str:
        """Everything the last mail says, both ways."""
        parts = [part.get_content() for part in self.mails[-1].walk() if part.get_content_maintype() == "text"]
        return "\n".join(parts)


@contextmanager
def serving(app: Flask) -> Iterator[Postbox]:
    """A mail server on a port of its own, which the tool knows."""
    box = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    app.config["MAIL"] = Relay("127.0.0.1", port, False, "", "", "SocialLearn <learn@tool.example>")
    try:
        yield box
    finally:
        app.config["MAIL"] = None
        server.stop()
