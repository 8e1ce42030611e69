"""What the guide shows works as it stands there."""

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "training.md"


def test_the_code_of_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    section = GUIDE.read_text().partition("\n## The trainer\n")[2].partition("\n## ")[0]
    *blocks, to_onnx = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "guide"}
    for block in blocks:
        exec(block, names)
    stopped, best, auc = capsys.readouterr().out.split()
    assert stopped == "epochs"
    assert 0 <= int(best) < 20
    assert float(auc) > 0.99
    assert (tmp_path / "curves.svg").stat().st_size
    assert len(list((tmp_path / "checkpoints" / "net").iterdir())) == 1
    compile(to_onnx, "guide", "exec")  # a network of `exec` can't be sent to another process
    assert "export(result.module" in to_onnx
