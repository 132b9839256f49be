"""Secrets that come as a value or as a file, and the files of TLS: one way for all settings."""

import ssl
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, FilePath, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from shared.errors import Transient
from shared.running.tls import ChangingContext


def wrong(name: str, text: str) -> PydanticCustomError:
    """What a validator raises of the setting `name`, whatever block it stands in."""
    # The text is a value of the template: braces in it mean nothing.
    return PydanticCustomError("wrong_setting", "{text}", {"text": text, "name": name})


class WithSecrets(BaseModel):
    """Settings whose secret `name` may come as the value `name` or as the file `name_file`."""

    @model_validator(mode="after")
    def _each_secret_comes_one_way(self) -> Self:
        for name in type(self).model_fields:
            path = getattr(self, f"{name}_file", None)
            if not isinstance(path, Path):
                continue
            if name in self.model_fields_set and getattr(self, name):
                raise wrong(f"{name}_file", f"either the secret or a file with it: not both {name}")
            try:
                read_secret(path)
            except (OSError, ValueError) as error:
                raise wrong(f"{name}_file", _why(error)) from None
        return self

    def secret(self, name: str) -> str | None:
        """The secret as it is now: a file is read anew each time.

        Raises Transient when its file cannot be read any more.
        """
        path = getattr(self, f"{name}_file", None)
        if path is not None:
            try:
                return read_secret(path)
            except (OSError, ValueError) as error:
                text = f"the file of the secret {name!r} cannot be read: {_why(error)}"
                raise Transient(text) from None
        value: SecretStr | None = getattr(self, name)
        return value.get_secret_value() if value else None


class WithTls(BaseModel):
    """Settings of a connection that may be by TLS. With files, the server must be trusted by them.

    All are read again when they change, so that certificates can be renewed while services run.
    """

    ca_file: FilePath | None = Field(
        default=None, description="PEM file of the servers' authorities; else the system's are used"
    )
    cert_file: FilePath | None = Field(
        default=None, description="PEM file of the client certificate, with its chain"
    )
    key_file: FilePath | None = Field(
        default=None, description="PEM file of the client certificate's key, without a password"
    )

    def context(self) -> ChangingContext:
        """What connections are made with; raises OSError for files that are no good."""
        return ChangingContext(self.ca_file, self.cert_file, self.key_file)

    def check_files(self, by_tls: bool, how: str) -> None:  # noqa: FBT001  # a validator's
        """Raise what a validator raises of files that are no good; `how` says how TLS is set."""
        given = [n for n in ("ca_file", "cert_file", "key_file") if getattr(self, n) is not None]
        if given and not by_tls:
            raise wrong(given[0], f"is of no use without TLS: {how}")
        for name, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
            if getattr(self, name) and not getattr(self, other):
                raise wrong(other, f"is needed beside {name}")
        for name, files in (
            ("ca_file", (self.ca_file, None, None)),
            ("cert_file", (None, self.cert_file, self.key_file)),
        ):
            if any(files):
                try:
                    ChangingContext(*files)
                except (OSError, ValueError) as error:
                    raise wrong(name, _why(error)) from None


def read_secret(path: Path) -> str:
    """What the file says, without the space around it.

    Raises OSError if it cannot be read, and ValueError if it is empty or no text.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        # Its own words would show bytes of the secret.
        raise ValueError("it is no UTF-8 text") from None
    if not text:
        raise ValueError("it is empty")
    return text


def _why(error: Exception) -> str:
    """The reason without the path and without what stands in the file."""
    if isinstance(error, ssl.SSLError):
        return f"no PEM file of what it should be, or certificate and key differ ({error.reason})"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def problems(errors: Any, settings: type[BaseModel]) -> list[str]:  # noqa: ANN401  # pydantic's
    """Each problem of a ValidationError on a line that names the variable; no secret is shown."""
    return [_problem(problem, settings) for problem in errors]


def _problem(problem: Any, settings: type[BaseModel]) -> str:  # noqa: ANN401  # pydantic's
    steps, secret, block = [], False, settings
    for step in problem["loc"]:
        steps.append(str(step))
        field = getattr(block, "model_fields", {}).get(step)
        # What lies inside a secret (its key even) is one, and so may be what has a wrong name.
        if field is None:
            secret = True
            break
        secret = SecretStr.__name__ in repr(field.annotation)
        if secret or not hasattr(field.annotation, "model_fields"):
            break
        block, secret = field.annotation, True
    steps += [problem["ctx"]["name"]] if problem["type"] == "wrong_setting" else []
    shown = not secret and isinstance(problem["input"], str | int | float)
    value = f"={_without_user(str(problem['input']))!r}" if shown and steps else ""
    return f"HELPDESK_{'__'.join(steps).upper()}{value}: {problem['msg']}"


def _without_user(text: str) -> str:
    """The text without what stands before the host in a URL."""
    return f"…@{text.rpartition('@')[2]}" if "@" in text else text
