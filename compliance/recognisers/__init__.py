"""Recognisers of identifiers: pure, with the checksums of their standards."""

from compliance.recognisers.checks import valid_bank_card, valid_credit_code, valid_ip_address, valid_resident_id
from compliance.recognisers.scan import find, mask
from compliance.recognisers.tables import TableTally, scan_cells
from compliance.recognisers.types import PERSONAL, ColumnScan, Found, Identifier, ScanSummary

__all__ = [
    "PERSONAL",
    "ColumnScan",
    "Found",
    "Identifier",
    "ScanSummary",
    "TableTally",
    "find",
    "mask",
    "scan_cells",
    "valid_bank_card",
    "valid_credit_code",
    "valid_ip_address",
    "valid_resident_id",
]
