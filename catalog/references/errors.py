"""What can go wrong with imported references."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class ReferenceNotFound(NotFound):
    code, title = "reference_not_found", "There is no such reference"


class FileRefused(Invalid):
    code, title = "import_file_refused", "This file cannot be imported"


class MappingInvalid(Invalid):
    code, title = "mapping_invalid", "This is not a source mapping"


class SourceUnknown(Invalid):
    code, title = "source_unknown", "There is no mapping for this source"


class NotWaiting(Conflict):
    code, title = "reference_not_waiting", "This reference does not wait for review"


class ImportBusy(Conflict):
    code, title = "import_busy", "This source is being imported already"
