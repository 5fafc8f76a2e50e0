"""What files refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound, TooLarge


class UploadNotFound(NotFound):
    code, title = "upload_not_found", "There is no such upload"


class FileNotFound(NotFound):
    code, title = "file_not_found", "There is no such file"


class UploadTooLarge(TooLarge):
    code, title = "upload_too_large", "The file is larger than this exchange accepts"


class FormFileTooLarge(TooLarge):
    code, title = "form_file_too_large", "The file is too large for a form"


class PartTooLarge(TooLarge):
    code, title = "part_too_large", "A part is larger than allowed"


class PartMisplaced(Conflict):
    code, title = "part_misplaced", "The part does not follow what has been received"


class PartCutShort(Invalid):
    code, title = "part_cut_short", "The part ended before its declared length"


class UploadIncomplete(Conflict):
    code, title = "upload_incomplete", "Bytes of the file are still missing"


class UploadFinished(Conflict):
    code, title = "upload_finished", "The upload is finished already"


class ChecksumMismatch(Conflict):
    code, title = "checksum_mismatch", "The bytes received are not those that were declared"


class UploadBusy(Conflict):
    code, title = "upload_busy", "The upload is being completed at this moment"
