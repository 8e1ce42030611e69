"""The guide names every way in which a version can be passed over."""

import re
from pathlib import Path

from learnloop.serving.served import FELL_BACK, Why

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "serving.md"


def test_every_why_is_documented():
    text = GUIDE.read_text()
    assert re.findall(r"^\| `([a-z_]+)` \| (?:raised|gave|had|failed|has|takes)", text, re.M) == [
        why.value for why in Why
    ]
    assert f'"{FELL_BACK}"' in text
