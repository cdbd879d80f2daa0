"""Files that arrive: what is beyond the limit is read and forgotten, never kept."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

if TYPE_CHECKING:
    from django.utils.datastructures import MultiValueDict

#: Beyond so many times the limit, the request is refused before it is read.
_BEYOND = 4


class TooLargeFile(UploadedFile[Any]):
    """A file beyond the limit: its name and its size are known, its content was not kept."""

    def __init__(self, name: str, content_type: str, size: int) -> None:
        super().__init__(BytesIO(), name, content_type, size)


class BoundedUploads(TemporaryFileUploadHandler):
    """Write a large file to a temporary one as it comes, until the limit of the platform.

    A form is told of a file beyond the limit, with its real size, and keeps everything else that
    was sent: the person reads why on the page, and corrects the file alone.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 - Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> tuple[Any, MultiValueDict[str, UploadedFile[Any]]] | None:
        """Refuse at once what nobody could have meant."""
        limit = settings.ALLIAGE_FILE_MAX_BYTES * _BEYOND
        if content_length > limit:
            msg = f"The request weighs {content_length} bytes, {limit} at most are read."
            raise RequestDataTooBig(msg)
        return super().handle_raw_input(input_data, META, content_length, boundary, encoding)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece, unless it goes beyond the limit."""
        if start + len(raw_data) <= settings.ALLIAGE_FILE_MAX_BYTES:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Give the file, or what is known of one that was too large."""
        if file_size <= settings.ALLIAGE_FILE_MAX_BYTES:
            return super().file_complete(file_size)
        self.file.close()
        return TooLargeFile(self.file_name or "", self.content_type or "", file_size)
