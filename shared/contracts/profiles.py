"""Profiles: who a contact is to the brand (ING 8, PRF). A tombstone deletes one."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import (
    AccountId,
    Contract,
    Envelope,
    Id,
    Identity,
    SmsConsent,
    UtcTime,
    Whole,
)


class Profile(Contract):
    """A person with their identities on the channels, segments and SMS consent.

    What else is known of them is for agents to read (PRF 1): `lifetime_value` is in `currency`
    (ISO 4217), `churn_risk` between 0 and 1.
    """

    account_id: AccountId
    profile_id: Id
    identities: tuple[Identity, ...] = ()
    segments: tuple[str, ...] = ()
    sms_consent: SmsConsent = "none"
    name: str | None = None
    updated_at: UtcTime | None = None
    lifetime_value: float | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    orders: Whole | None = None
    churn_risk: float | None = Field(default=None, ge=0, le=1)
    next_order_on: date | None = None
    location: str | None = None


class ProfileEvent(Envelope):
    """Something that a profile did elsewhere: an order, a visit (PRF 1).

    `metric` is what it is counted as and filtered by, such as "Placed Order"; `title` says it in
    words. `value` is in `currency`.
    """

    type: Literal["ProfileEvent"] = "ProfileEvent"
    profile_id: Id
    metric: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(max_length=1000)] = ""
    value: float | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
