"""Profiles: who a contact is to the brand (ING 8). A tombstone deletes one."""

from shared.contracts.base import AccountId, Contract, Id, Identity, SmsConsent, UtcTime


class Profile(Contract):
    """A person with their identities on the channels, segments and SMS consent."""

    account_id: AccountId
    profile_id: Id
    identities: tuple[Identity, ...] = ()
    segments: tuple[str, ...] = ()
    sms_consent: SmsConsent = "none"
    name: str | None = None
    updated_at: UtcTime | None = None
