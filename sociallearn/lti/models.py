"""What the tool knows about LMSs: invitations, registrations, keys, deployments, and launches under way."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sociallearn import clock
from sociallearn.database import Model


class Source(StrEnum):
    """Where a registration comes from."""

    FILE = "file"  # lti_config.json: switched on and off there
    LINK = "link"  # dynamic registration behind an invite link: kept in the database alone


class Registration(Model):
    """One LMS as it knows this tool: issuer and client id name it (LTI security framework 5.1.1)."""

    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    issuer: Mapped[str]
    client_id: Mapped[str]
    auth_login_url: Mapped[str]
    auth_token_url: Mapped[str]
    auth_audience: Mapped[str | None]
    key_set_url: Mapped[str | None]
    key_set: Mapped[dict[str, Any] | None]
    frame_origins: Mapped[list[str]] = mapped_column(default=list)  # further sites whose pages may hold ours
    name: Mapped[str] = mapped_column(default="")  # what people call this LMS; empty: its host
    product: Mapped[str | None]  # product family code, such as moodle or canvas
    source: Mapped[str] = mapped_column(default=Source.FILE)
    key_path: Mapped[str | None] = mapped_column(unique=True)  # of a key set of its own, for who registered by link
    is_active: Mapped[bool] = mapped_column(default=True)  # false: gone from the file, or removed
    paused_at: Mapped[datetime | None]  # an administrator closed the door for a while
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    deployments: Mapped[list["Deployment"]] = relationship(back_populates="registration", lazy="raise")


class Deployment(Model):
    """One place in an LMS where the tool was installed (LTI core 3.1.3). Ids are case-sensitive."""

    __table_args__ = (UniqueConstraint("registration_id", "deployment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    deployment_id: Mapped[str]
    # empty: seen in a signed launch of an LMS that names no deployment when it registers; waits for an administrator
    confirmed_at: Mapped[datetime | None] = mapped_column(default=clock.now)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    registration: Mapped[Registration] = relationship(back_populates="deployments", lazy="joined", innerjoin=True)


class LoginState(Model):
    """A launch between login initiation and its id_token: binds state, nonce, LMS and target to one browser."""

    __table_args__ = (Index(None, "expires_at"),)

    state: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(unique=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    target_link_uri: Mapped[str]
    storage_target: Mapped[str | None]  # lti_storage_target: the frame that keeps data for us where cookies do not stay
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Invite(Model):
    """A link that lets one LMS register itself, once."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # empty: a new one
    label: Mapped[str]  # for whom, in the words of whoever made it
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # empty: the operator, by command
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"))  # what came of it


class SigningKey(Model):
    """A key pair of ours for one registration. A new one is published some time before it signs (rotation)."""

    __table_args__ = (Index(None, "registration_id", "signs_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    kid: Mapped[str] = mapped_column(unique=True)
    sealed_private_pem: Mapped[str]  # encrypted under SECRET_KEY: a stolen database cannot sign
    public_pem: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    signs_from: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]  # no longer in our key set from then on


class ContentRequest(Model):
    """A trainer came to choose what to place in the course (LTI deep linking 2.0, 4.4.1): where the answer goes."""

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    deployment_id: Mapped[str]
    return_url: Mapped[str]
    data: Mapped[str | None]  # opaque; goes back as it came
    accepts_links: Mapped[bool] = mapped_column(default=True)  # takes links at all; else it can only be told no
    accept_multiple: Mapped[bool] = mapped_column(default=True)
    accept_line_item: Mapped[bool] = mapped_column(default=True)
    title: Mapped[str | None]  # what the LMS would call the new item
    text: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_at: Mapped[datetime | None]
