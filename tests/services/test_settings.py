"""Settings: what is wrong is named by its variable, what was given is never shown."""

from pathlib import Path

import pytest

from services.settings import AddressSettings, MigrationSettings, Settings, SettingsInvalid, load

COMPLETE = {
    "DATABASE_URL": "postgresql://rapport_api:opensesame@db/rapport",
    "REDIS_URL": "redis://:opensesame@queue:6379/0",
    "RAPPORT_SECRET_KEY": "opensesame" * 4,
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for settings in (Settings, MigrationSettings):
        for field in settings.model_fields.values():
            monkeypatch.delenv(str(field.validation_alias), raising=False)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_what_is_required_is_enough(environment: pytest.MonkeyPatch) -> None:
    settings = load(Settings)
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path(".data"))
    assert (settings.rate_limit, settings.webhooks_allow_loopback, settings.docs) == (1200, False, True)


@pytest.mark.parametrize("name", COMPLETE)
def test_a_missing_variable_is_named_and_an_empty_one_is_missing(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(name, "")
    with pytest.raises(SettingsInvalid, match=f"{name}: is required and not set"):
        load(Settings)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DATABASE_URL", "mysql://root:opensesame@db", "must begin with postgresql://"),
        ("DATABASE_READ_URL", "opensesame", "must begin with postgresql://"),
        ("REDIS_URL", "opensesame:6379", "must begin with redis://"),
        ("RAPPORT_SECRET_KEY", "opensesame", "at least 32 characters"),
        ("RAPPORT_PORT", "opensesame", "integer"),
        ("RAPPORT_PORT", "65536", "65535"),
        ("RAPPORT_POOL_SIZE", "0", "greater than or equal to 1"),
        ("RAPPORT_RATE_LIMIT", "-1", "greater than or equal to 0"),
        ("RAPPORT_LOG_LEVEL", "opensesame", "'debug', 'info'"),
        ("RAPPORT_CORS_ORIGINS", "https://opensesame.example/path", "without a path"),
        ("RAPPORT_DOCS", "opensesame", "boolean"),
        ("RAPPORT_SMTP_URL", "http://opensesame:25", "begins with smtp://"),
        ("RAPPORT_SMTP_URL", "smtp://host:opensesame", "not an address"),
        ("RAPPORT_MAIL_FROM", "opensesame", "an address such as"),
        ("RAPPORT_MAIL_FROM", "A <a@b.com>\nBcc: opensesame@b.com", "an address such as"),
        ("RAPPORT_PUBLIC_URL", "opensesame.example.com", "origins such as"),
    ],
)
def test_a_malformed_variable_is_named_without_its_value(
    environment: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(SettingsInvalid) as refusal:
        load(Settings)
    assert f"{name}: " in str(refusal.value)
    assert reason in str(refusal.value)
    assert "opensesame" not in str(refusal.value)
    assert refusal.value.__context__ is None


def test_secrets_do_not_show_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RAPPORT_API_PASSWORD", "opensesame")
    assert "opensesame" not in repr(load(Settings)) + repr(load(MigrationSettings))


def test_origins_come_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RAPPORT_CORS_ORIGINS", "https://crm.example.com, http://localhost:5173")
    assert load(Settings).cors_origins == ("https://crm.example.com", "http://localhost:5173")


def test_the_address_needs_no_secrets(environment: pytest.MonkeyPatch) -> None:
    for name in COMPLETE:
        environment.delenv(name)
    assert load(AddressSettings).port == 8000


def test_a_mail_server_is_read_from_one_address(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RAPPORT_SMTP_URL", "smtp://crm%40example.com:open%2Fsesame@mail.example.com")
    with pytest.raises(SettingsInvalid, match="RAPPORT_MAIL_FROM is required with RAPPORT_SMTP_URL"):
        load(Settings)
    environment.setenv("RAPPORT_MAIL_FROM", "Rapport <crm@example.com>")
    mail = load(Settings).mail
    assert mail is not None
    assert (mail.host, mail.port, mail.security, mail.username) == (
        "mail.example.com",
        587,
        "starttls",
        "crm@example.com",
    )
    assert mail.password is not None
    assert mail.password.get_secret_value() == "open/sesame"
    assert "sesame" not in repr(mail) + repr(load(Settings))
    environment.setenv("RAPPORT_SMTP_URL", "smtps://mail.example.com")
    mail = load(Settings).mail
    assert mail is not None
    assert (mail.port, mail.security, mail.username) == (465, "tls", None)
