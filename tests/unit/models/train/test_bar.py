"""A bar is for people at a terminal."""

import pytest

from learnloop.models.train.bar import bar


def shown() -> None:
    with bar(3) as advance:
        advance(1.5, 0.5)


def test_a_terminal_sees_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown()
    assert "training" in capsys.readouterr().err


def test_a_log_sees_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    shown()
    assert capsys.readouterr() == ("", "")
