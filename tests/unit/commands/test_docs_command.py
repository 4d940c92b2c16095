"""`halo docs`, as a person uses it."""

from __future__ import annotations

from typer.testing import CliRunner

from halo_voice.cli import app


def test_the_pages_are_written_where_it_is_told(tmp_path):
    """Both, and their places are said."""
    result = CliRunner().invoke(app, ["docs", str(tmp_path)])
    assert result.exit_code == 0
    assert {each.name for each in tmp_path.iterdir()} == {"settings.md", "wire.md"}


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    """No traceback: the place, and what is wrong with it."""
    result = CliRunner().invoke(app, ["docs", str(tmp_path / "none")], env={"COLUMNS": "300"})
    assert result.exit_code == 2
    assert result.stderr == f"✘ {tmp_path}/none/settings.md: No such file or directory\n"
