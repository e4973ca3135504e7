"""The options that name an archive, and what holds its headers."""

import pytest

from bonescan.cli.archive import archive
from bonescan.core.errors import UsageError

URL = "https://pacs.example/dicom-web"


def test_headers_come_from_the_file_and_from_the_command(tmp_path):
    file = tmp_path / "headers.txt"
    file.write_text("# für das Archiv\nAuthorization: Bearer abc\n", encoding="utf-8")
    found = archive(URL, ["X-Site: 1"], file, None, None, None)
    assert found.headers == {"X-Site": "1", "Authorization": "Bearer abc"}


@pytest.mark.parametrize("data", ["# für das Archiv\nAuthorization: secret".encode("latin-1"), b"\xff\xfes\x00e\x00"])
def test_a_file_that_is_no_text_is_a_usage_error_and_not_shown(data, tmp_path):
    file = tmp_path / "headers.txt"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"headers\.txt cannot be read as UTF-8 text") as caught:
        archive(URL, None, file, None, None, None)
    assert "secret" not in str(caught.value)


def test_a_file_that_may_not_be_read_is_a_usage_error(tmp_path, monkeypatch):
    def refuse(*words, **more):
        raise PermissionError(13, "Permission denied")

    file = tmp_path / "headers.txt"
    file.write_text("Authorization: secret")
    monkeypatch.setattr("pathlib.Path.read_text", refuse)
    with pytest.raises(UsageError, match="cannot be read"):
        archive(URL, None, file, None, None, None)
