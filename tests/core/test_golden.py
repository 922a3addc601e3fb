"""The golden conversations in testdata/ come out as written there; `pytest tests/core --rewrite` writes them anew."""

from pathlib import Path

import pytest

from core.play import Play

FILES = sorted((Path(__file__).parent / "testdata").glob("*.txt"))


def conversation(text: str) -> tuple[str, Play]:
    """Play the commands of a file.

    Returns:
        The file as it should be, and the play at its end.
    """
    play, blocks = Play(), []
    for block in text.strip().split("\n\n"):
        said = block.split("\n----")[0]
        command = said.splitlines()[-1]
        blocks.append(said if command.startswith("#") else f"{said}\n----\n{play.run(command)}")
    return "\n\n".join(blocks) + "\n", play


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_conversation_goes_as_written(path: Path, request: pytest.FixtureRequest) -> None:
    written = path.read_text()
    played, _ = conversation(written)
    if request.config.getoption("--rewrite", default=False):
        path.write_text(played)
    else:
        assert played == written


def test_every_conversation_says_first_what_it_shows() -> None:
    assert len(FILES) >= 15
    assert all(path.read_text().startswith("# ") for path in FILES)


def test_a_wrong_line_in_a_conversation_is_noticed() -> None:
    written = FILES[0].read_text()
    assert conversation(written.replace("does not lead", "leads", 1))[0] != written.replace("does not lead", "leads", 1)
