"""The token: fixed, or followed in a file that somebody else keeps fresh."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leader_sidecar.kube.credentials import CHECK_EVERY_S, StaticToken, TokenFault, TokenFile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("first\n")
    return file


def test_static_token_is_sent_and_never_shown() -> None:
    assert StaticToken("s3cret").authorization(0.0) == "Bearer s3cret"
    assert "s3cret" not in repr(StaticToken("s3cret"))
    assert StaticToken().authorization(0.0) == ""


def test_file_is_looked_at_once_a_second_at_most(file: Path) -> None:
    token = TokenFile(file)
    assert token.authorization(100.0) == "Bearer first"
    file.write_text("second, and longer\n".replace(", and ", "-"))
    assert token.authorization(100.0 + CHECK_EVERY_S - 0.001) == "Bearer first"
    assert token.authorization(100.0 + CHECK_EVERY_S) == "Bearer second-longer"


def test_unchanged_file_is_not_read_again(file: Path) -> None:
    """Same length, time and inode: only a read could tell, and there is none until a 401."""
    token = TokenFile(file)
    status = file.stat()
    with file.open("r+") as stream:
        stream.write("FIRST")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert token.authorization(10.0) == "Bearer first"
    token.refused()
    assert token.authorization(10.1) == "Bearer FIRST"


def test_swapped_symbolic_link_is_followed(tmp_path: Path) -> None:
    """The kubelet swaps `..data`; both files may carry the same time and size."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token").write_text(name)
        os.utime(tmp_path / name / "token", ns=(0, 0))
    data = tmp_path / "data"
    data.symlink_to("one")
    token = TokenFile(data / "token")
    assert token.authorization(0.0) == "Bearer one"
    (tmp_path / "new").symlink_to("two")
    (tmp_path / "new").rename(data)
    assert token.authorization(5.0) == "Bearer two"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"two\nlines", b"\xff\xfe", b"x" * 70_000])
def test_last_good_token_stays_while_the_file_is_unusable(file: Path, content: bytes | None) -> None:
    token = TokenFile(file)
    assert token.authorization(0.0) == "Bearer first"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert token.authorization(5.0) == "Bearer first"
    file.unlink(missing_ok=True)
    file.write_text("third")
    assert token.authorization(6.0) == "Bearer third"


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "is empty"), (b"two words", "not a bearer token"), (b"x" * 70_000, "larger than")]
)
def test_unusable_file_at_the_start_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(TokenFault, match=says) as fault:
        TokenFile(file)
    assert "two words" not in str(fault.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenFault, match="No such file"):
        TokenFile(tmp_path / "absent")
    with pytest.raises(TokenFault, match="Is a directory"):
        TokenFile(tmp_path)
    with pytest.raises(TokenFault, match="not a regular file"):
        TokenFile(Path("/dev/null"))


def test_path_is_shown_and_content_is_not(file: Path) -> None:
    assert str(file) in repr(TokenFile(file))
    assert "first" not in repr(TokenFile(file))
