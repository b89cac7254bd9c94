"""What the tool knows about LMSs: their registrations, deployments, and launches under way."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sociallearn.database import Model


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
    is_active: Mapped[bool] = mapped_column(default=True)

    deployments: Mapped[list["Deployment"]] = relationship(back_populates="registration", lazy="raise")


class Deployment(Model):
    """One place in an LMS where the tool was installed (LTI core 3.1.3). Ids are case-sensitive."""

    __table_args__ = (UniqueConstraint("registration_id", "deployment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    deployment_id: Mapped[str]

    registration: Mapped[Registration] = relationship(back_populates="deployments", lazy="joined", innerjoin=True)


class LoginState(Model):
    """A launch between login initiation and its id_token: binds state, nonce, LMS and target to one browser."""

    __table_args__ = (Index(None, "expires_at"),)

    state: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(unique=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    target_link_uri: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
