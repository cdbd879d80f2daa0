"""What a backup file refuses to be read as."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.safekeeping import archives, backups
from alliage.safekeeping.archives import ArchiveError, ArchiveWriter
from alliage.safekeeping.backups import (
    AuditHead,
    BackupWriter,
    Column,
    Manifest,
    Part,
    StoredFile,
    Table,
    check_path,
    open_backup,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alliage.safekeeping.archives import Member

AT = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
COLUMNS = (Column(name="id", type="IntegerField"), Column(name="title", type="TextField"))
ROWS: list[list[Any]] = [[1, "Vincennes"], [2, None], [3, "deux\nlignes"]]
FILES = {"files/0a/one.pdf": b"%PDF-1.7 one", "files/two": b"", "files/three": b"x" * 3000}


def manifest_of(writer: BackupWriter, tables: Sequence[Table], **changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "format": 1, "alliage": "0.1.0", "made_at": AT, "engine": "sqlite",
        "engine_version": "3.40", "migrations": (("audit", "0001_initial"),),
        "tables": tuple(tables), "files": writer.files, "missing_files": (), "left_out": {},
        "audit": AuditHead(position=3, digest="d"),
    }  # fmt: skip
    return Manifest(**values | changes)


def made(
    rows: Sequence[Sequence[Any]] = ROWS, files: dict[str, bytes] = FILES, **changes: Any
) -> bytes:
    stream = io.BytesIO()
    writer = BackupWriter(stream, alliage="0.1.0", moment=int(AT.timestamp()))
    table = writer.add_table("actors_organisation", columns=COLUMNS, rows=rows, sequence=9)
    for path, content in files.items():
        writer.add_file(path, size=len(content), content=[content])
    writer.close(manifest_of(writer, [table], **changes))
    return stream.getvalue()


def checked(content: bytes) -> backups.Backup:
    backup = open_backup(io.BytesIO(content))
    backup.check()
    return backup


def refusal(content: bytes) -> str:
    with pytest.raises(ArchiveError) as caught:
        checked(content)
    return str(caught.value)


SAMPLE = made()


def test_what_was_saved_is_read_back() -> None:
    backup = checked(SAMPLE)
    table = backup.manifest.tables[0]
    assert list(backup.rows(table)) == ROWS
    assert (table.rows, table.sequence, backup.manifest.made_at) == (3, 9, AT)
    found = {
        stored.path: b"".join(backup.content(rank))
        for rank, stored in enumerate(backup.manifest.files)
    }
    assert found == FILES


def test_any_tar_program_reads_a_backup() -> None:
    with tarfile.open(fileobj=io.BytesIO(SAMPLE)) as archive:
        names = archive.getnames()
        assert names[0] == "alliage-backup.json"
        assert names[-2:] == ["manifest.json", "manifest.sha256"]
        assert {info.mode for info in archive.getmembers()} == {0o600}


@given(place=st.integers(0, len(SAMPLE) - 1), change=st.integers(1, 255))
def test_any_altered_byte_is_found(place: int, change: int) -> None:
    altered = bytearray(SAMPLE)
    altered[place] ^= change
    assert refusal(bytes(altered))


@given(length=st.integers(0, len(SAMPLE) - 1))
def test_any_truncation_is_found(length: int) -> None:
    assert refusal(SAMPLE[:length])


@given(more=st.binary(min_size=1, max_size=1500))
def test_nothing_may_follow_the_end(more: bytes) -> None:
    assert refusal(SAMPLE + more)


@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.none() | st.booleans() | st.text() | st.floats(allow_nan=False),
        ).map(list),
        max_size=60,
    ),
    size=st.integers(1, 300),
)
def test_rows_come_back_whatever_their_number_and_the_size_of_parts(
    rows: list[list[Any]], size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backups, "PART_BYTES", size)
        content = made(rows, {})
    backup = checked(content)
    assert list(backup.rows(backup.manifest.tables[0])) == rows


@pytest.mark.parametrize(
    "path",
    [
        "../etc/passwd", "/etc/passwd", "files/../../x", "files//x", "files/./x", "", ".",
        "files\\..\\x", "C:/x", "a\0b", "a\nb", ".restoring/lock", "files/.hidden",
    ],
)  # fmt: skip
def test_a_path_that_leaves_its_folder_is_refused_when_saving_and_when_reading(path: str) -> None:
    with pytest.raises(ArchiveError, match="Rename the file"):
        made(files={path: b"x"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backups, "check_path", lambda text: text)
        content = made(files={path: b"x"})
    assert "Rename the file" in refusal(content)


@given(st.text())
def test_a_path_that_is_accepted_stays_under_its_folder(path: str) -> None:
    try:
        check_path(path)
    except ArchiveError:
        return
    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert "\\" not in path


@pytest.mark.parametrize("paths", [("a", "a"), ("a", "a/b"), ("a/b", "a/c", "a/b/d")])
def test_two_files_cannot_have_one_place(paths: tuple[str, ...]) -> None:
    stream = io.BytesIO()
    writer = BackupWriter(stream, alliage="0.1.0", moment=0)
    for path in paths:
        writer.add_file(path, size=1, content=[b"x"])
    writer.close(manifest_of(writer, []))
    assert "same place" in refusal(stream.getvalue())


def rewritten(kind: bytes, name: str = "files/00000000") -> bytes:
    """Make an archive of one member of another kind."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    stream = io.BytesIO()
    writer = ArchiveWriter(stream, moment=0)
    writer.add("alliage-backup.json", 2, [b"{}"])
    stream.write(info.tobuf(tarfile.GNU_FORMAT))
    writer.close()
    return stream.getvalue()


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE,
     tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE],
)  # fmt: skip
def test_links_folders_devices_and_extensions_are_refused(kind: bytes) -> None:
    assert "altered at byte 1024" in refusal(rewritten(kind))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"\0" * 600, gzip.compress(SAMPLE)])
def test_what_is_no_backup_is_said_so(content: bytes) -> None:
    assert "empty" in refusal(content) or "not a backup" in refusal(content)


def test_an_ordinary_tar_is_no_backup() -> None:
    stream = io.BytesIO()
    writer = ArchiveWriter(stream, moment=0)
    writer.add("photo.png", 3, [b"png"])
    writer.close()
    assert "not a backup of Alliage" in refusal(stream.getvalue())


def test_a_newer_format_is_refused_by_its_name() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backups, "FORMAT", 2)
        content = made(format=2)
    assert "format 2" in refusal(content)
    assert "newer" in refusal(content)


def with_members(content: bytes, change: Callable[[list[tuple[str, bytes]]], None]) -> bytes:
    """Write the archive again with other members, each header being right."""
    source = io.BytesIO(content)
    members = [
        (member.name, b"".join(archives.read(source, member)))
        for member in archives.read_members(source)
    ]
    change(members)
    stream = io.BytesIO()
    writer = ArchiveWriter(stream, moment=0)
    for name, body in members:
        writer.add(name, len(body), [body])
    writer.close()
    return stream.getvalue()


@pytest.mark.parametrize("rank", range(len(archives.read_members(io.BytesIO(SAMPLE)))))
def test_a_member_that_is_missing_is_found(rank: int) -> None:
    assert refusal(with_members(SAMPLE, lambda members: members.__delitem__(rank)))


def test_a_member_that_is_too_many_or_elsewhere_is_found() -> None:
    assert "not those of its manifest" in refusal(
        with_members(SAMPLE, lambda members: members.insert(1, ("files/00000009", b"x")))
    )
    assert "not those of its manifest" in refusal(
        with_members(SAMPLE, lambda members: members.insert(1, members.pop(2)))
    )


def swap(members: list[tuple[str, bytes]], name: str, body: bytes) -> None:
    rank = next(rank for rank, member in enumerate(members) if member[0] == name)
    members[rank] = (name, body)


def test_another_content_of_the_same_size_is_found() -> None:
    altered = with_members(SAMPLE, lambda members: swap(members, "files/00000000", b"%PDF-1.7 two"))
    assert "files/00000000 is not what was saved" in refusal(altered)


def test_another_manifest_is_found() -> None:
    def forge(members: list[tuple[str, bytes]]) -> None:
        body = dict(members)["manifest.json"].replace(b"0001_initial", b"0002_initial")
        swap(members, "manifest.json", body)

    assert "not the one that was sealed" in refusal(with_members(SAMPLE, forge))


def packed(unpacked: bytes, /, **announced: int) -> bytes:
    """Make a backup whose only table unpacks into something else than announced."""
    body = gzip.compress(unpacked, mtime=0)
    values = {"size": len(body), "unpacked": len(unpacked), "rows": unpacked.count(b"\n")}
    stream = io.BytesIO()
    writer = BackupWriter(stream, alliage="0.1.0", moment=0)
    digest = writer._archive.add("tables/t/000000.jsonl.gz", len(body), [body])
    part = Part(sha256=digest, **values | announced)
    table = Table(name="t", columns=COLUMNS, sequence=None, parts=(part,))
    writer.close(manifest_of(writer, [table]))
    return stream.getvalue()


@given(extra=st.integers(1, 5 * 1024 * 1024))
def test_a_bomb_stops_at_the_size_that_was_announced(extra: int) -> None:
    assert "does not unpack" in refusal(packed(bytes(extra + 10), unpacked=10, rows=0))


def test_rows_that_are_not_as_announced_are_refused() -> None:
    assert "does not unpack" in refusal(packed(b'[1,"a"]\n', unpacked=9))
    assert "1 rows where the manifest announces 2" in refusal(packed(b'[1,"a"]\n', rows=2))


@pytest.mark.parametrize("line", [b"[1]\n", b'{"id":1}\n', b"no json\n", b'[1,"a",2]\n'])
def test_a_line_that_is_no_row_is_refused(line: bytes) -> None:
    backup = checked(packed(line))
    with pytest.raises(ArchiveError, match="is not a row of 2 values"):
        list(backup.rows(backup.manifest.tables[0]))


def test_a_manifest_that_is_no_manifest_names_the_place() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Manifest, "model_dump_json", lambda *_, **__: '{"format": 1, "tables": 3}')
        content = made()
    assert "The manifest cannot be read: « " in refusal(content)


@pytest.mark.parametrize("change", [{"size": -1}, {"sha256": "zz"}, {"sha256": "A" * 64}])
def test_impossible_figures_are_refused(change: dict[str, Any]) -> None:
    values: dict[str, Any] = {"path": "a", "size": 1, "sha256": "0" * 64}
    with pytest.raises(ValueError, match=next(iter(change))):
        StoredFile(**values | change)


@pytest.mark.parametrize("size", [2, 4])
def test_a_file_that_changes_while_it_is_saved_is_refused(size: int) -> None:
    writer = BackupWriter(io.BytesIO(), alliage="0.1.0", moment=0)
    with pytest.raises(ArchiveError, match="changed while it was read"):
        writer.add_file("files/a", size=size, content=[b"abc"])


@pytest.mark.parametrize("name", ["x" * 100, "é", "a b", "../a/", ""])
def test_a_member_has_a_short_plain_name(name: str) -> None:
    with pytest.raises(ArchiveError, match="cannot name a member"):
        ArchiveWriter(io.BytesIO(), moment=0).add(name, 0, [])


def test_a_file_cut_after_its_headers_were_read_is_found() -> None:
    stream = io.BytesIO(SAMPLE)
    member: Member = archives.read_members(stream)[-1]
    stream.truncate(member.offset + 3)
    with pytest.raises(ArchiveError, match="truncated"):
        list(archives.read(stream, member))
