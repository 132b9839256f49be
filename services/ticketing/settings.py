"""Ticketing's settings."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from shared.running.settings import ServiceSettings
from shared.values.mail_tokens import MailTokens

KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9]$")]
Secret = Annotated[SecretStr, Field(min_length=16)]


class Settings(ServiceSettings):
    """Every service's settings, and the keys of the tokens that lead answers to mails back."""

    mail_token_keys: dict[KeyId, Secret] = Field(
        default_factory=dict,
        description=(
            "secrets of the tokens in mails that go out, by their ids, a digit each:"
            ' `{"1": "…"}`. The last one signs, all are recognised; without any, answers are led'
            " back by mail ids alone"
        ),
    )

    @property
    def tokens(self) -> MailTokens:
        """What makes and recognises the tokens."""
        return MailTokens(
            {name: key.get_secret_value().encode() for name, key in self.mail_token_keys.items()}
        )
